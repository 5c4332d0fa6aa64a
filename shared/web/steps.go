package web

// Titles are those of the steps, by the names that they give Run.
var Titles = map[string]string{
	"Step 1": "Step 1 of 4: a signed cookie",
	"Step 2": "Step 2 of 4: visits, counted in Redis",
	"Step 3": "Step 3 of 4: Redis forgets",
	"Step 4": "Step 4 of 4: a session store",
}
