// Package app starts Redis where there is none.
package app

// check tells whether the app answers. It starts by
// itself.
const check = "nobody logs in"

const page = `<p>
whoever logs in`
