module example.com/session-workshop/deploy

go 1.26.0

require (
	example.com/session-workshop/check v0.0.0
	example.com/session-workshop/shared v0.0.0
	example.com/session-workshop/tools v0.0.0
	go.yaml.in/yaml/v3 v3.0.5
)

require (
	github.com/alicebob/miniredis/v2 v2.40.0 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/redis/go-redis/v9 v9.23.0 // indirect
	github.com/yuin/gopher-lua v1.1.1 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace (
	example.com/session-workshop/check => ../check
	example.com/session-workshop/shared => ../shared
	example.com/session-workshop/tools => ../tools
)
