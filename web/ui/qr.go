package ui

import (
	"fmt"
	"image"
	"strings"
)

// QRPath turns a code, one pixel a module, into the path that QR draws.
func QRPath(code image.Image) (path string, size int) {
	var out strings.Builder
	b := code.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if r, _, _, _ := code.At(x, y).RGBA(); r != 0 {
				continue
			}
			from := x
			for x+1 < b.Max.X {
				if r, _, _, _ := code.At(x+1, y).RGBA(); r != 0 {
					break
				}
				x++
			}
			fmt.Fprintf(&out, "M%d %dh%dv1h-%dz", from-b.Min.X, y-b.Min.Y, x+1-from, x+1-from)
		}
	}
	return out.String(), b.Dx()
}
