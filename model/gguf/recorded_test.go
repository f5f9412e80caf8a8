package gguf_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor/tensortest"
)

// notWhole are recorded files that other people's tests use though they are not whole, with what is said of them.
var notWhole = map[string]string{
	"gguf/real/weight-inspect-tiny.gguf": `tensor "test.weight.0": data ends at byte 32896, file has 122`,
}

// TestRecordedFiles opens every recorded file in every way and writes the small whole ones again.
func TestRecordedFiles(t *testing.T) {
	root := tensortest.Root(t)
	var n tensortest.Counts
	tensors, written := 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if d.IsDir() && name == "gguf/malformed" {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".gguf") {
			return nil
		}
		if info, err := d.Info(); err == nil && raceEnabled && info.Size() > 1<<20 {
			return nil // takes minutes
		}
		n.Case(t, name, func(t *testing.T) {
			err := openAndTouch(t, path)
			if want, ok := notWhole[name]; ok {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("found %v, expected %s", err, want)
				}
				return
			}
			if bigEndian(t, path) {
				if !errors.Is(err, gguf.ErrBigEndian) {
					t.Errorf("found %v, expected ErrBigEndian", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			f, err := gguf.Open(path, gguf.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			tensors += len(f.Tensors())
			if n, err := f.Meta().Int("split.count"); f.Size() > 8<<20 || err == nil && n > 1 {
				return
			}
			written++
			if err := same(f, read(t, rewrite(t, f))); err != nil {
				t.Errorf("written again: %v", err)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n.Report(t)
	t.Logf("%d tensors, %d files written again", tensors, written)
}

// TestRecordedSplit opens a split model by each part and finds the same.
func TestRecordedSplit(t *testing.T) {
	parts := tensortest.Glob(t, "reference", "format-gguf", "split-3", "*-of-*.gguf")
	first, err := gguf.Open(parts[0], gguf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	want, err := first.Meta().Int("split.tensors.count")
	if err != nil || len(first.Tensors()) != want || want == 0 {
		t.Errorf("%d tensors, the file says %d, %v", len(first.Tensors()), want, err)
	}
	if last := first.Tensors()[want-1]; last.Part != len(parts)-1 {
		t.Errorf("the last tensor is in part %d of %d", last.Part, len(parts))
	}
	if _, err := first.Meta().String("general.architecture"); err != nil {
		t.Error(err)
	}
	for _, path := range parts {
		f, err := gguf.Open(path, gguf.Options{NoMmap: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := same(first, f); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		f.Close()
	}
}

// bigEndian reads whether the version stands in the last of its bytes.
func bigEndian(t *testing.T, path string) bool {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 8)
	n, _ := f.Read(b)
	return n == 8 && b[4] == 0 && b[7] != 0
}
