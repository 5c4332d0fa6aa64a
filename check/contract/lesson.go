package contract

import "slices"

// lesson holds what the steps teach, in the order in which a learner gets it to
// work.
var lesson = slices.Concat(firstVisits, otherBrowsers, serverSessions, lifetimes, onTheWire, wholeLives)

// The places that several rules name.
const (
	inIndex  = "main.go, func index"
	inLogin  = "main.go, func login"
	inLogout = "main.go, func logout"
	inRun    = "main.go, func run"
	inPages  = "main.go, var pages"
	inCreate = "session/store.go, func Create"
	inVisit  = "session/store.go, func Visit"
	inKey    = "session/store.go, func Key"
	inDelete = "session/store.go, func Delete"
)
