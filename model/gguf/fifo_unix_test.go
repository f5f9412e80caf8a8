//go:build unix

package gguf_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed64708441/ember/model/gguf"
)

// TestPipe opens a named pipe that nobody writes to: that must not wait.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pipe.gguf")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	done := make(chan error, 2)
	go func() {
		_, err := gguf.Open(path, gguf.Options{})
		done <- err
		_, err = gguf.OpenFS(os.DirFS(dir), "pipe.gguf", gguf.Options{})
		done <- err
	}()
	for range 2 {
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), "not a regular file") {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("Open waits for a writer")
		}
	}
}
