// Package steps is the list of the workshop's steps. It imports nothing, so
// that the doctor can use it on a machine that has fetched no module.
package steps

// Folders holds the folders of the steps, from step 1 on. Each is also the name
// of the program in it.
var Folders = [...]string{"step1-no-redis", "step2-visits", "step3-ttl", "step4-store"}

// Count is the number of steps.
const Count = len(Folders)

// Folder returns the folder of step n, 1 to Count.
func Folder(n int) string { return Folders[n-1] }
