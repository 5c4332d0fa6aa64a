//go:build !race

package steptest

var raceFlags []string
