package agentstest

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// PublishedClient is the package that agents in plants run.
const PublishedClient = "@mindconnect/mindconnect-nodejs"

// Published is the folder where the published client lies. The first run on a
// machine fetches it.
var Published = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "halfkey-tests", "mindconnect-nodejs-3.24.2")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", PublishedClient, "package.json")); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	npm := exec.Command("npm", "install", "--prefix", fresh, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", PublishedClient+"@3.24.2")
	if out, err := npm.CombinedOutput(); err != nil {
		return "", errors.New("the published client cannot be fetched (make deps installs node and npm): " + string(out))
	}
	if err := os.Rename(fresh, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		if _, there := os.Stat(dir); there != nil {
			return "", err
		}
	}
	return dir, nil
})

// Node runs a script, which finds the published client in the folder CLIENT.
func Node(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	client, err := Published()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("node", append([]string{"--no-deprecation"}, args...)...)
	c.Env = append(os.Environ(), "CLIENT="+client, "HOME="+t.TempDir())
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"} { // the client minds no no_proxy
		c.Env = append(c.Env, name+"=")
	}
	return c
}
