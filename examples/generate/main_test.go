package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/testmodel"
	"github.com/seed64708441/ember/tensor/tensortest"
)

// try runs the command.
func try(t *testing.T, args ...string) (out, log string, err error) {
	t.Helper()
	var o, l bytes.Buffer
	err = run(t.Context(), args, &o, &l)
	return o.String(), l.String(), err
}

func TestWithoutModel(t *testing.T) {
	out, _, err := try(t)
	if err != nil || !strings.Contains(out, "5 of 5 answers are right") {
		t.Errorf("%v: %s", err, out)
	}
	out, log, err := try(t, "-prompt", "Anna Oslo. Ben Lima. Anna", "-threads", "1")
	if err != nil || out != " Oslo.\n" || !strings.Contains(log, "ended by end") {
		t.Errorf("%v: %q, %q", err, out, log)
	}
}

// TestText generates the recorded text of a trained model.
func TestText(t *testing.T) {
	file := tensortest.Path(t, "weights", "stories260K", "stories260K-F32.gguf")
	out, log, err := try(t, "-model", file, "-prompt", "Once upon a time", "-raw", "-max", "30", "-threads", "1")
	if want := ", there was a little girl named Lily. She loved to play outside"; err != nil || !strings.HasPrefix(out, want) {
		t.Errorf("%v: %q, want %q", err, out, want)
	}
	if !strings.Contains(log, "prompt tokens") || !strings.Contains(log, "30 generated") {
		t.Errorf("usage is %q", log)
	}
}

// TestErrors checks that each way a file can be wrong gets one line with advice.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	m, err := testmodel.Shape(testmodel.ShapeConfig{Layers: 1, Width: 64, Heads: 1, KVHeads: 1, FFN: 64})
	if err != nil {
		t.Fatal(err)
	}
	good, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	swap := func(from, to string) []byte { return bytes.Replace(good, []byte(from), []byte(to), 1) }
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"no file", "is the path right", []string{"-model", filepath.Join(dir, "none")}},
		{"not GGUF", "GGUF files", []string{"-model", write("text", []byte("hello, hello, hello, hello, hello"))}},
		{"cut short", "incomplete", []string{"-model", write("short", good[:len(good)/2])}},
		{"version", "convert the model again", []string{"-model", write("version", append([]byte("GGUF\x09\x00\x00\x00"), good[8:]...))}},
		{"architecture", "cannot be run yet", []string{"-model", write("arch", swap("\x05\x00\x00\x00\x00\x00\x00\x00llama", "\x05\x00\x00\x00\x00\x00\x00\x00lambs"))}},
		{"tensor", "not the model it says", []string{"-model", write("bind", swap("blk.0.attn_norm.weight", "blk.0.attn_morn.weight"))}},
		{"no template", "use -raw", []string{"-model", write("good", good), "-prompt", "x"}},
		{"flag", "not defined", []string{"-modle", "x"}},
		{"argument", "after -prompt", []string{"-raw", "hello"}},
		{"temperature", "Temperature", []string{"-model", write("good", good), "-raw", "-prompt", "x", "-temperature", "-1"}},
	} {
		_, _, err := try(t, c.args...)
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		if text := explain(err); !strings.Contains(text, c.want) || strings.Contains(text, "\n") {
			t.Errorf("%s: %q does not contain %q", c.name, text, c.want)
		}
	}
	if text := explain(errors.New("a\nb")); text != "a; b" {
		t.Errorf("two lines become %q", text)
	}
}
