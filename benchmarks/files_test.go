package benchmarks

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/model/testmodel"
)

// big is the size from which a file is removed after use.
const big = 1 << 30

// modelFile returns the path of the file of a model, and writes it if the folder has none of the same contents. The file
// is removed when tb ends if it is big.
func modelFile(tb testing.TB, s spec) string {
	tb.Helper()
	c, err := s.config()
	if err != nil {
		tb.Fatal(err)
	}
	path, err := writeModel(*modelsFlag, s.shape+"-"+s.typ, c)
	if err != nil {
		tb.Fatal(err)
	}
	if i, err := os.Stat(path); err == nil && i.Size() >= big && !*keepFlag {
		tb.Cleanup(func() { os.Remove(path) })
	}
	return path
}

func writeModel(dir, name string, c testmodel.ShapeConfig) (string, error) {
	m, err := testmodel.Shape(c)
	if err != nil {
		return "", err
	}
	key, err := contentKey(m)
	if err != nil {
		return "", err
	}
	return writeOnce(filepath.Join(dir, name+"-"+key+".gguf"), m.WriteFile)
}

// writeOnce returns path, and writes the file if it is not there. It appears whole.
func writeOnce(path string, write func(path string) error) (string, error) {
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	part := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := write(part); err != nil {
		os.Remove(part)
		return "", err
	}
	return path, os.Rename(part, path)
}

var errEnough = errors.New("enough bytes")

// keyBytes covers the metadata, the directory and the first weights.
const keyBytes = 16 << 20

// prefix hashes the first left bytes written to it.
type prefix struct {
	w    io.Writer
	left int
}

func (p *prefix) Write(b []byte) (int, error) {
	n, err := p.w.Write(b[:min(len(b), p.left)])
	if p.left -= n; err == nil && p.left == 0 {
		err = errEnough
	}
	return n, err
}

// contentKey tells models apart by their size and first bytes, without making all of them.
func contentKey(m *testmodel.Model) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, m.DataBytes())
	if _, err := m.WriteTo(&prefix{h, keyBytes}); err != nil && !errors.Is(err, errEnough) {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:6]), nil
}

func remove(path string) { _ = os.Remove(path) }

func writeGGUF(path string, kv []gguf.KV, tensors []gguf.TensorData) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	return gguf.Write(f, kv, tensors)
}
