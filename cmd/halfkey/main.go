// Command halfkey is the whole server in one binary: portal, registration doors,
// channel store. It joins the rooms of the house by hand and knows no use case itself.
package main

import (
	"fmt"
	"os"
)

// version is set by the linker.
var version = "unknown"

func main() {
	keepClean()
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "halfkey:", err)
		os.Exit(1)
	}
}
