// Command halfkey is the whole server in one binary: portal, registration doors,
// channel store. It joins the rooms of the house by hand and knows no use case itself.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
)

// version is set by the linker.
var version = "unknown"

// garbage is how much of the heap may be garbage before it is collected, in
// percent of what is alive. The heap of a house is a few megabytes, and collecting
// it at Go's 100 would be a fifth of a page's cost. GOGC overrules it.
const garbage = 800

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "halfkey:", err)
		os.Exit(1)
	}
}
