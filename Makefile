# Each target is one line, and runs as well without make: go run ./step3-ttl.
# What a learner runs is built first: Ctrl+C then reaches the app alone, while
# go run would end with an error of its own.
# Settings go in ARGS: make step3 ARGS="-ttl 2m"

# A clone that belongs to another user, as in a container, builds only so.
export GOFLAGS += -buildvcs=false

.DEFAULT_GOAL := help
.PHONY: help doctor step1 step2 step3 step4 watch1 watch2 watch3 watch4 scale board redis cli monitor redis-image offline elasticache-local deploy-build status always test test-all flakes bench lint smoke screenshots

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9%-]+:.*## / { sub("%", "N", $$1); printf "make %-18s %s\n", $$1, $$2 }' Makefile

doctor: ## see whether this machine is ready
	go build -o bin/ ./tools/doctor && bin/doctor $(ARGS)

step1: ## run step 1: a signed cookie, no Redis
	go build -o bin/ ./step1-no-redis && bin/step1-no-redis $(ARGS)

step2: ## run step 2: visits counted in Redis
	go build -o bin/ ./step2-visits && bin/step2-visits $(ARGS)

step3: ## run step 3: a session that expires
	go build -o bin/ ./step3-ttl && bin/step3-ttl $(ARGS)

step4: ## run step 4: a session store of our own
	go build -o bin/ ./step4-store && bin/step4-store $(ARGS)

watch1: ## run step 1, and start it again on each save
	go build -o bin/ ./tools/workshop && bin/workshop watch 1 -- $(ARGS)

watch2: ## run step 2, and start it again on each save
	go build -o bin/ ./tools/workshop && bin/workshop watch 2 -- $(ARGS)

watch3: ## run step 3, and start it again on each save
	go build -o bin/ ./tools/workshop && bin/workshop watch 3 -- $(ARGS)

watch4: ## run step 4, and start it again on each save
	go build -o bin/ ./tools/workshop && bin/workshop watch 4 -- $(ARGS)

start%: always ## build step N yourself, in my-stepN: make start3
	go build -o bin/ ./tools/workshop && bin/workshop start $*

my-step%: always ## run my-stepN, and start it again on each save
	go build -o bin/ ./tools/workshop && bin/workshop watch $@ -- $(ARGS)

check%: always ## check my-stepN: make check3 HINT=2 ONLY=ttl-set
	go build -o bin/ ./tools/workshop && bin/workshop check $(ARGS) $*

solve%: always ## compare my-stepN with ours; ARGS=-take takes ours
	go build -o bin/ ./tools/workshop && bin/workshop solve $(ARGS) $*

reset%: always ## begin my-stepN again, and keep a backup
	go build -o bin/ ./tools/workshop && bin/workshop reset $*

status: ## show how far you are with each step
	go build -o bin/ ./tools/workshop && bin/workshop status

scale: ## run two servers of step 4: make scale STEP=1 N=3
	go build -o bin/ ./tools/workshop && bin/workshop scale $(if $(N),-n $(N)) $(STEP)

board: ## serve the class board: who is at which step, live
	go build -o bin/ ./tools/workshop && bin/workshop board $(ARGS)

redis: ## run a Redis that stays when you stop a step
	go build -o bin/ ./tools/workshop && bin/workshop redis $(ARGS)

cli: ## look inside Redis: redis-cli, or a small prompt
	go build -o bin/ ./tools/workshop && bin/workshop cli $(ARGS)

monitor: ## show the commands that reach a real Redis
	go build -o bin/ ./tools/workshop && bin/workshop monitor $(ARGS)

redis-image: ## make a Docker image of Redis without a network
	go run ./tools/workshop redis-image

offline: ## pack all that a room without a network needs
	go run ./tools/workshop offline $(ARGS)

elasticache-local: ## run a Redis as AWS runs it, on this machine
	go build -o bin/ ./tools/workshop && bin/workshop elasticache-local $(ARGS)

deploy-build: ## build the steps for a server in AWS
	go run ./tools/workshop deploy-build $(ARGS)

test: ## run the tests that fit in two minutes
	go run ./tools/tests $(ARGS)

test-all: ## run every test, on every kind of Redis
	go run ./tools/tests -all $(ARGS)

flakes: ## repeat the tests on a busy machine, to find flaky ones
	go run ./tools/tests -rounds 10 $(ARGS)

bench: ## measure our session store and others, about 12 minutes
	cd sessionstore/bench && GOWORK=off go run . $(ARGS)

lint: ## check format, mistakes and known security holes
	go run ./tools/workshop lint $(ARGS)

smoke: ## try each step in a clone of the last commit
	.ci/smoke

screenshots: ## take the pictures in the guides again
	cd tools/browser && GOWORK=off go test -count=1 -v -run TestPictures . -update
