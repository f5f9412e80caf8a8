package mem

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"unsafe"
)

// TestAccount checks the count, the limit, zeroed and aligned memory, and that Free is idempotent.
func TestAccount(t *testing.T) {
	a := &Account{Limit: 1 << 20}
	b, err := a.Alloc(1<<20 - 10)
	if err != nil {
		t.Fatal(err)
	}
	if n := a.Used(); n != 1<<20-10 {
		t.Errorf("%d bytes in use, want %d", n, 1<<20-10)
	}
	if n, ok := a.Available(); n != 10 || !ok {
		t.Errorf("%d bytes available (%v), want 10", n, ok)
	}
	data := b.Bytes()
	if p := uintptr(unsafe.Pointer(&data[0])); p%64 != 0 {
		t.Errorf("block at %#x is not aligned to 64", p)
	}
	for i, v := range data {
		if v != 0 {
			t.Fatalf("byte %d is %d, want 0", i, v)
		}
		data[i] = 1
	}
	if _, err := a.Alloc(11); !errors.Is(err, ErrLimit) {
		t.Errorf("11 bytes where 10 are left: %v, want ErrLimit", err)
	}
	for range 2 {
		if err := b.Free(); err != nil {
			t.Fatal(err)
		}
	}
	if a.Used() != 0 || b.Bytes() != nil {
		t.Errorf("after Free %d bytes are in use", a.Used())
	}
	for _, n := range []int{0, -1} {
		if _, err := a.Alloc(n); err == nil || errors.Is(err, ErrLimit) {
			t.Errorf("Alloc(%d): %v", n, err)
		}
	}
	if _, ok := new(Account).Available(); ok {
		t.Error("the zero account has a limit")
	}
}

// TestAccountConcurrent checks that goroutines together never pass the limit.
func TestAccountConcurrent(t *testing.T) {
	a := &Account{Limit: 100_000}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				b, err := a.Alloc(30_000)
				if err != nil {
					continue
				}
				if a.Used() > 8*30_000+a.Limit {
					t.Error("the count ran away")
				}
				b.Bytes()[29_999] = 1
				_ = b.Free()
			}
		})
	}
	wg.Wait()
	if a.Used() != 0 {
		t.Errorf("%d bytes in use at the end", a.Used())
	}
}

func TestMap(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 10_000)
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, want, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Map(f)
	f.Close()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.WillNeed(0, len(want))
	if !bytes.Equal(m.Bytes(), want) {
		t.Error("the mapping differs from the file")
	}
	for _, r := range [][2]int{{0, len(want)}, {5000, 20_000}, {-1, 5}, {0, len(want) + 1}, {len(want), 1}, {1, 1}} {
		m.Release(r[0], r[1])
	}
	if !bytes.Equal(m.Bytes(), want) {
		t.Error("the mapping differs from the file after Release")
	}
	for range 2 {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMapOdd checks files that cannot be mapped, and an empty one.
func TestMapOdd(t *testing.T) {
	dir := t.TempDir()
	d, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := Map(d); err == nil {
		t.Error("a folder was mapped")
	}
	f, err := os.Create(filepath.Join(dir, "empty"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := Map(f)
	if err != nil || len(m.Bytes()) != 0 || m.Close() != nil {
		t.Errorf("an empty file: %v", err)
	}
}

func TestSystem(t *testing.T) {
	total, available := System()
	if total < 0 || available < 0 || available > total || (runtime.GOOS == "linux" && available == 0) {
		t.Errorf("memory of the machine: %d bytes, %d available", total, available)
	}
}
