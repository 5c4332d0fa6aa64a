//go:build race

package steptest

// raceFlags build an app with the race detector, as this test was built. An
// app with a data race then ends with a status that is not 0.
var raceFlags = []string{"-race"}
