package gguf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor/tensortest"
)

// TestMalformedFiles opens the recorded files in every way: those that must load do, those that must be refused are,
// with an error that has a place.
func TestMalformedFiles(t *testing.T) {
	dir := tensortest.Path(t, "gguf", "malformed")
	var list struct {
		Cases []struct{ File, Expect, Why string }
	}
	b, err := os.ReadFile(filepath.Join(dir, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	expect := map[string]string{}
	for _, c := range list.Cases {
		expect[c.File] = c.Expect
	}
	var n tensortest.Counts
	refused := 0
	for _, path := range tensortest.Glob(t, "gguf", "malformed", "*.gguf") {
		name := filepath.Base(path)
		n.Case(t, name, func(t *testing.T) {
			want, ok := expect[name]
			if !ok {
				t.Fatal("cases.json has no such file")
			}
			delete(expect, name)
			err := openAndTouch(t, path)
			var fe *gguf.FormatError
			switch {
			case want == "error" && err == nil:
				t.Error("was accepted")
			case (want == "ok" || want == "ok-container") && err != nil:
				t.Errorf("was refused: %v", err)
			case want != "error" && want != "ok" && want != "ok-container" && want != "ok-or-error":
				t.Errorf("expectation %q is unknown", want)
			case err != nil && !errors.As(err, &fe):
				t.Errorf("error %v has type %T, expected *FormatError", err, err)
			}
			if err != nil {
				refused++
				t.Log(err)
			}
		})
	}
	for name := range expect {
		t.Errorf("cases.json names %s, which is absent", name)
	}
	n.Report(t)
	t.Logf("%d files refused, %d accepted", refused, n.Passed-refused)
}

// openAndTouch opens a file mapped, read and through a file system, touches all of it, and returns the error, which
// must be the same each time.
func openAndTouch(t *testing.T, path string) error {
	t.Helper()
	dir, name := filepath.Split(path)
	mapped, err := gguf.Open(path, gguf.Options{})
	readAt, errRead := gguf.Open(path, gguf.Options{NoMmap: true})
	fromFS, errFS := gguf.OpenFS(os.DirFS(dir), name, gguf.Options{})
	text := func(err error) string {
		if err == nil {
			return ""
		}
		return strings.ReplaceAll(err.Error(), path, name)
	}
	if text(err) != text(errRead) || text(err) != text(errFS) {
		t.Errorf("mapped: %v\nread: %v\nfs: %v", err, errRead, errFS)
		return errors.Join(err, errRead, errFS)
	}
	if err != nil {
		return err
	}
	defer mapped.Close()
	defer readAt.Close()
	defer fromFS.Close()
	if err := errors.Join(same(mapped, readAt), same(mapped, fromFS)); err != nil {
		t.Error(err)
	}
	return nil
}

// TestRefused has one file for each thing that is refused, and the words that say so.
func TestRefused(t *testing.T) {
	kv := func() *raw { return begin(0, 1).put("k") }
	huge := uint64(1) << 62
	cases := []struct {
		want string
		file *raw
	}{
		{"not a GGUF file", &raw{}},
		{"not a GGUF file: begins with \"GGML\"", (&raw{}).put([]byte("GGML"), uint32(3), uint64(0), uint64(0))},
		{"header: version takes 4 bytes, file has 0 left", (&raw{}).put([]byte("GGUF"))},
		{"unsupported GGUF version: found 0", (&raw{}).put([]byte("GGUF"), uint32(0), uint64(0), uint64(0))},
		{"unsupported GGUF version: found 1", (&raw{}).put([]byte("GGUF"), uint32(1), uint64(0), uint64(0))},
		{"unsupported GGUF version: found 4", (&raw{}).put([]byte("GGUF"), uint32(4), uint64(0), uint64(0))},
		{"big-endian GGUF files are not supported: version 3", (&raw{}).put([]byte("GGUF"), uint32(3<<24), uint64(0), uint64(0))},
		{"keys do not fit", begin(0, huge)},
		{"500000 keys do not fit the 64 bytes left", begin(0, 500_000).pad(1, 64)},
		{"500000 tensors do not fit the 64 bytes left", begin(500_000, 0).pad(1, 64)},
		{"600000 keys do not fit the 8400000 bytes left, or are more than 524288", begin(0, 600_000).pad(1, 8_400_000)},
		{"keys do not fit", begin(0, math.MaxUint64)},
		{"tensors do not fit", begin(huge, 0)},
		{"key 1 of 1: key takes 4611686018427387904 bytes", begin(0, 1).put(huge, uint64(0))},
		{"key 1 of 1: key takes 18446744073709551615 bytes", begin(0, 1).put(uint64(math.MaxUint64), uint64(0))},
		{"key 1 of 1: empty key", begin(0, 1).put("", uint32(7), uint64(0))},
		{"key has 65536 bytes, at most 65535", begin(0, 1).put(strings.Repeat("k", 65536), uint32(7), uint8(0))},
		{`key "k": value type is 13`, kv().put(uint32(13), uint64(0))},
		{`key "k": uint64 takes 8 bytes, file has 4 left`, kv().put(uint32(10), uint32(0))},
		{`key "k": string takes 4611686018427387904 bytes`, kv().put(uint32(8), huge)},
		{`key "k": string takes 5 bytes, file has 4 left`, kv().put(uint32(8), uint64(5)).pad(1, 4)},
		{`key "k": bool is 2`, kv().put(uint32(7), uint8(2))},
		{`key "k": element type is 99`, kv().put(uint32(9), uint32(99), uint64(0))},
		{`key "k": arrays of arrays`, kv().put(uint32(9), uint32(9), uint64(0))},
		{`key "k": array of 4611686018427387904 uint32 does not fit`, kv().put(uint32(9), uint32(4), huge)},
		{`key "k": array of 4611686018427387904 string does not fit`, kv().put(uint32(9), uint32(8), huge)},
		{`key "k": element 1 of 2: string takes 9 bytes, file has 2 left`, kv().put(uint32(9), uint32(8), uint64(2), "a", uint64(9), uint16(0))},
		{`key "k": bool 1 of the array is 3`, kv().put(uint32(9), uint32(7), uint64(2), uint8(1), uint8(3))},
		{`key "k": occurs twice`, begin(0, 2).put("k", uint32(7), uint8(0), "k", uint32(7), uint8(0))},
		{`key "general.alignment": found 24`, begin(0, 1).put("general.alignment", uint32(4), uint32(24))},
		{`key "general.alignment": found 0`, begin(0, 1).put("general.alignment", uint32(4), uint32(0))},
		{`key "general.alignment": found uint64`, begin(0, 1).put("general.alignment", uint32(10), uint64(32))},
		{"tensor 1 of 1: tensor name takes 4611686018427387904 bytes", begin(1, 0).put(huge).pad(1, 32)},
		{"tensor 1 of 1: tensor name has 129 bytes, at most 128", begin(1, 0).info(strings.Repeat("n", 129), 24, 0, 1).pad(32, 1)},
		{"tensor 1 of 1: empty tensor name", begin(1, 0).info("", 24, 0, 1).pad(32, 1)},
		{`tensor "a": 5 axes`, begin(1, 0).info("a", 24, 0, 1, 1, 1, 1, 1).pad(32, 1)},
		{`tensor "a": axis 1 of 2 has 0 elements`, begin(1, 0).info("a", 24, 0, 1, 0).pad(32, 1)},
		{`tensor "a": axis 0 of 1 has 18446744073709551615 elements`, begin(1, 0).info("a", 24, 0, math.MaxUint64).pad(32, 1)},
		{`tensor "a": tensor: shape [4611686018427387904 4] has more elements`, begin(1, 0).info("a", 24, 0, 4, huge).pad(32, 1)},
		{`tensor "a": tensor: a row of 4611686018427387904 elements of F32`, begin(1, 0).info("a", 0, 0, huge).pad(32, 1)},
		{`tensor "a": tensor: a row of 33 elements`, begin(1, 0).info("a", 8, 0, 33).pad(32, 68)},
		{`tensor "a": element type 4 is unknown`, begin(1, 0).info("a", 4, 0, 32).pad(32, 68)},
		{`tensor "a": element type 128 is unknown`, begin(1, 0).info("a", 128, 0, 1).pad(32, 4)}, // 128 & 127 is F32
		{`tensor "a": offset 4 is not a multiple of the alignment 32`, begin(1, 0).info("a", 24, 4, 1).pad(32, 5)},
		{`tensor "a": offset 18446744073709551584 is past the end`, begin(1, 0).info("a", 24, math.MaxUint64-31, 64).pad(32, 64)},
		{`tensor "a": offset 1099511627776 is past the end, file has 65 bytes`, begin(1, 0).info("a", 24, 1<<40, 1).pad(32, 1)},
		{`tensor "a": data ends at byte 72, file has 71`, begin(1, 0).info("a", 24, 0, 8).pad(32, 7)},
		{`tensor "a": data ends at byte 9223372036854775871, file has 64`, begin(1, 0).info("a", 24, 0, math.MaxInt64).pad(32, 0)},
		{`tensor "b": data begins at byte 128, inside tensor "a" that ends at byte 161`, begin(2, 0).info("a", 24, 0, 65).info("b", 24, 32, 1).pad(32, 65)},
		{`tensor "a": occurs twice`, begin(2, 0).info("a", 24, 0, 1).info("a", 24, 32, 1).pad(32, 33)},
	}
	for _, c := range cases {
		b := c.file.Bytes()
		f, err := gguf.NewFile(bytes.NewReader(b), int64(len(b)), gguf.Options{})
		var fe *gguf.FormatError
		if f != nil || err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &fe) || !strings.HasPrefix(err.Error(), "gguf: ") {
			t.Errorf("expected %q, found %v (%T)", c.want, err, err)
		}
	}
}

func TestSentinels(t *testing.T) {
	open := func(b []byte) error {
		_, err := gguf.NewFile(bytes.NewReader(b), int64(len(b)), gguf.Options{})
		return err
	}
	b := sample(t)
	big := bytes.Clone(b)
	copy(big[4:], []byte{0, 0, 0, 3})
	v1 := bytes.Clone(b)
	v1[4] = 1
	for _, c := range []struct {
		err  error
		want error
	}{
		{open(big), gguf.ErrBigEndian}, {open(v1), gguf.ErrVersion}, {open([]byte("PK\x03\x04....")), gguf.ErrNotGGUF},
		{open(nil), gguf.ErrNotGGUF},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("error is %v, expected %v", c.err, c.want)
		}
	}
}

// TestTruncated cuts a file at every byte: it loads only when no more than the padding behind the last tensor is gone.
func TestTruncated(t *testing.T) {
	b := sample(t)
	ts := read(t, b).Tensors()
	last := ts[len(ts)-1]
	end := int(last.Offset) + last.Bytes
	if end >= len(b) {
		t.Fatalf("data ends at byte %d of %d: the test needs padding", end, len(b))
	}
	dir := t.TempDir()
	for n := range len(b) + 1 {
		_, err := gguf.NewFile(bytes.NewReader(b[:n]), int64(n), gguf.Options{})
		if n%16 == 0 || n == end-1 || n == end { // mapped and so on
			path := filepath.Join(dir, "cut.gguf")
			if err := os.WriteFile(path, b[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			err = openAndTouch(t, path)
		}
		if wantOK := n >= end; (err == nil) != wantOK {
			t.Fatalf("cut at byte %d of %d, data ends at %d: %v", n, len(b), end, err)
		}
	}
}

// TestDamaged changes every byte of a file in several ways. Whatever still loads is read whole.
func TestDamaged(t *testing.T) {
	b := sample(t)
	refused := 0
	for i := range b {
		was := b[i]
		for _, x := range []byte{0, 1, 0x7f, 0x80, 0xff, was + 1, was ^ 0x20} {
			b[i] = x
			f, err := gguf.NewFile(bytes.NewReader(b), int64(len(b)), gguf.Options{})
			if err != nil {
				refused++
				continue
			}
			if err := same(f, f); err != nil {
				t.Fatalf("byte %d set to %d: %v", i, x, err)
			}
		}
		b[i] = was
	}
	t.Logf("%d of %d damaged files refused", refused, 7*len(b))
	if refused == 0 || refused == 7*len(b) {
		t.Error("expected some to be refused and some, with damaged data or text, to load")
	}
}
