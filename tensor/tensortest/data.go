// Package tensortest helps tests: it finds the recorded reference data, walks it so that a case dropped in is a case
// run, and reads the .npy arrays in it.
package tensortest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// EnvRoot names the environment variable that gives another root with the same layout as the recorded data.
const EnvRoot = "EMBER_TESTDATA"

// Root returns the folder of recorded data: $EMBER_TESTDATA, else ../shared/testdata beside the module. Where it is
// absent the test is skipped, or fails when CI=true.
func Root(t testing.TB) string {
	t.Helper()
	dir := os.Getenv(EnvRoot)
	if dir == "" {
		mod, err := moduleRoot()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(mod, "..", "shared", "testdata")
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI needs the recorded data: %v (set %s to use another place)", err, EnvRoot)
		}
		t.Skipf("no recorded data at %s; set %s to use another place", dir, EnvRoot)
	}
	return dir
}

// Path returns a file or folder below Root and fails the test when it does not exist.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{Root(t)}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Fatal(err)
	}
	return p
}

// Glob returns the files below Root that match the pattern, in lexical order, and fails the test when there is none.
func Glob(t testing.TB, pattern ...string) []string {
	t.Helper()
	p := filepath.Join(append([]string{Root(t)}, pattern...)...)
	files, err := filepath.Glob(p)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no file matches %s", p)
	}
	return files
}

// Counts tells how many cases of a walk passed, failed and were skipped.
type Counts struct{ Passed, Failed, Skipped int }

// Case runs f as a subtest and counts how it ended.
func (c *Counts) Case(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Cleanup(func() {
			switch {
			case t.Failed():
				c.Failed++
			case t.Skipped():
				c.Skipped++
			default:
				c.Passed++
			}
		})
		f(t)
	})
}

// Report logs the counts and fails the test when no case passed: a walk that found nothing proves nothing. Without the
// data it skips, as Root does.
func (c *Counts) Report(t *testing.T) {
	t.Helper()
	if t.Skipped() {
		return
	}
	if c.Passed == 0 && !t.Failed() {
		Root(t)
	}
	t.Logf("%s: %d passed, %d failed, %d skipped", t.Name(), c.Passed, c.Failed, c.Skipped)
	if c.Passed == 0 {
		t.Errorf("%s: no case passed", t.Name())
	}
}

// moduleRoot walks up from the working directory to the folder with go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above the working directory")
		}
		dir = up
	}
}
