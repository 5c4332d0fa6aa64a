package main

import (
	"encoding/json"
	"os"
	"time"
)

// report has all measurements, as results.json has them.
type report struct {
	Date      string
	Machine   machine
	Versions  []version
	Settings  settings
	Minutes   float64
	Speed     runs
	Delayed   runs
	Behaviour []behaviour
	Memory    []memory
	Scale     runs
}

type machine struct {
	CPU    string
	CPUs   int
	System string
	// Load is the load average of the minute before; empty if the system does not
	// tell.
	Load string
}

type version struct{ Module, Version string }

// settings are the sizes of a run.
type settings struct {
	Rounds      int
	Connections int
	Run         time.Duration
	// For the runs with a network delay.
	DelayedConnections int
	Delay              time.Duration
	// For the bytes of a session.
	MemorySessions int
	// For the runs with many live sessions.
	ScaleSizes []int
	ScaleRuns  int
}

// run is one measurement of throughput.
type run struct {
	Contestant string
	Round      int
	// Sessions is how many sessions are alive, in the runs with many.
	Sessions  int `json:",omitempty"`
	Requests  int
	PerSecond float64
	// In milliseconds.
	P50, P99 float64
	// CPU time per request, in microseconds; 0 if the system does not tell.
	AppCPU, RedisCPU, GeneratorCPU float64
}

// behaviour has the results that do not depend on the machine.
type behaviour struct {
	Contestant string
	// Round trips to Redis. LoginAgain is a login after a logout.
	Visit, Login, Logout, LoginAgain float64
	// Of Parallel visits to one session, 32 at a time, Lost did not count.
	Parallel, Lost int
}

// memory is the growth of used_memory in Redis, in bytes per session.
type memory struct {
	Contestant string
	Bytes      float64
	// WithoutIndex leaves out the list of a user's sessions; 0 if there is none.
	WithoutIndex float64
}

func (r *report) save(path string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

func loadReport(path string) (*report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(report)
	return r, json.Unmarshal(text, r)
}
