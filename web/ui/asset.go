package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
)

//go:embed assets
var files embed.FS

// AssetsPath is where AssetsHandler is mounted.
const AssetsPath = "/assets/"

// file is one served file. Its bytes are made on first use, so that starting
// the program costs nothing.
type file struct {
	name   string // as pages ask for it: "app.css"
	hashed string // as it is served: "app.0123456789ab.css"
	body   []byte
	zipped func() []byte // gzip, or nil for what is compressed already
}

var shelf = struct {
	sync.RWMutex
	byName, byHash map[string]*file
}{byName: map[string]*file{}, byHash: map[string]*file{}}

// Asset gives the URL of an asset, for example "app.css" or "qr.svg". The URL
// holds a hash of the content and may be cached for ever. An unknown name panics:
// names are written in the program, never taken from outside.
func Asset(name string) string {
	f := find(name)
	if f == nil {
		panic("ui: no asset " + name)
	}
	return AssetsPath + f.hashed
}

func find(name string) *file {
	shelf.RLock()
	f := shelf.byName[name]
	shelf.RUnlock()
	if f != nil {
		return f
	}
	body := load(name) // may ask for other assets, so outside the lock
	if body == nil {
		return nil
	}
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	f = &file{name: name, body: body, hashed: strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext}
	if ext != ".woff2" {
		f.zipped = sync.OnceValue(func() []byte { return zip(body) })
	}
	shelf.Lock()
	defer shelf.Unlock()
	shelf.byName[name], shelf.byHash[f.hashed] = f, f
	return f
}

// load makes the bytes of an asset: app.css and app.js are put together from
// their small sources, icons.svg from single icons, the rest is served as it is.
// app.js begins with htmx, which begins its work a moment after it was run: what it
// works with has to be in the same script, or a page that comes over a slow line
// is never alive.
func load(name string) []byte {
	switch name {
	case "app.css":
		return fontURL.ReplaceAllFunc(join("assets/css", ".css"), func(m []byte) []byte {
			return []byte("url(" + Asset(string(fontURL.FindSubmatch(m)[1])) + ")")
		})
	case "app.js":
		return slices.Concat(load("htmx.min.js"), load("hx-sse.min.js"), []byte{'\n'}, join("assets/js/app", ".js"))
	case "icons.svg":
		return sprite()
	}
	for _, dir := range []string{"assets/js/", "assets/vendor/", "assets/fonts/", "assets/"} {
		if b, err := files.ReadFile(dir + name); err == nil {
			return b
		}
	}
	return nil
}

var fontURL = regexp.MustCompile(`url\(([a-z0-9-]+\.woff2)\)`)

// join concatenates a folder's files in the order of their names.
func join(dir, ext string) []byte {
	var out bytes.Buffer
	for _, name := range list(dir, ext) {
		b, _ := files.ReadFile(dir + "/" + name)
		out.Write(b)
		out.WriteByte('\n')
	}
	return out.Bytes()
}

func list(dir, ext string) []string {
	entries, _ := files.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ext) {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names
}

func zip(body []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	w.Write(body)
	w.Close()
	return out.Bytes()
}

// everything names each asset that may be asked for after a restart, when no
// page has been rendered yet but a browser still holds one.
func everything() []string {
	names := []string{"app.css", "app.js", "icons.svg", "favicon.svg"}
	for _, d := range [][2]string{{"assets/js", ".js"}, {"assets/vendor", ".js"}, {"assets/vendor", ".css"}, {"assets/fonts", ".woff2"}} {
		names = append(names, list(d[0], d[1])...)
	}
	return names
}

// AssetsHandler serves AssetsPath. Only hashed names exist, so that an answer
// never changes and a browser need not ask again.
func AssetsHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := byHash(strings.TrimPrefix(r.URL.Path, AssetsPath))
		if f == nil {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", mimeOf(f.name))
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		body := f.body
		if f.zipped != nil {
			h.Set("Vary", "Accept-Encoding")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				h.Set("Content-Encoding", "gzip")
				body = f.zipped()
			}
		}
		w.Write(body)
	})
}

var warm sync.Once

func byHash(hashed string) *file {
	shelf.RLock()
	f := shelf.byHash[hashed]
	shelf.RUnlock()
	if f != nil {
		return f
	}
	warm.Do(func() {
		for _, name := range everything() {
			find(name)
		}
	})
	shelf.RLock()
	defer shelf.RUnlock()
	return shelf.byHash[hashed]
}

func mimeOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".woff2":
		return "font/woff2"
	case ".svg":
		return "image/svg+xml"
	case ".js":
		return "text/javascript; charset=utf-8"
	default:
		return mime.TypeByExtension(ext)
	}
}
