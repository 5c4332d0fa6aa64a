//go:build race

package steptest

// raceFlags builds an app with the race detector, as this test was built. An app
// with a data race then ends with a status other than 0.
var raceFlags = []string{"-race"}
