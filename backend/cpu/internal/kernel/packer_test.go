package kernel

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/seed64708441/ember/tensor"
)

// packCase is the stored rows of a panel of random bytes, each of which ends before a no-access page or begins behind one,
// all at one distance from each other.
type packCase struct {
	typ    tensor.DType
	layout Layout
	k      int
	rows   [PanelRows][]byte
}

func newPackCase(t testing.TB, rng *rand.Rand, typ tensor.DType, k int, atStart bool) *packCase {
	t.Helper()
	l, _ := LayoutFor(typ)
	c := &packCase{typ: typ, layout: l, k: k}
	n, err := typ.RowBytes(k)
	if err != nil {
		t.Fatal(err)
	}
	for r, row := range fencedRows(t, PanelRows, n, atStart) {
		for i := range row {
			row[i] = byte(rng.Uint32())
		}
		c.rows[r] = row
	}
	return c
}

// twin is the panel as the rows one by one make it.
func (c *packCase) twin(t testing.TB) []byte {
	t.Helper()
	dst := make([]byte, c.layout.PanelBytes(c.k))
	if err := packRows(dst, c.typ, 0, c.k, &c.rows); err != nil {
		t.Fatal(err)
	}
	return dst
}

// same reports whether level s writes the wanted panel to dst.
func (c *packCase) same(t testing.TB, s *Set, dst, want []byte) bool {
	t.Helper()
	for i := range dst {
		dst[i] = 0xaa
	}
	if err := s.Pack(dst, c.typ, c.k, &c.rows); err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(dst, want)
}

// eachPacker calls f for all packers that are not one by one.
func eachPacker(t *testing.T, f func(t *testing.T, s *Set, typ tensor.DType, p packer)) {
	for _, s := range Available() {
		for i, p := range s.packers {
			if typ := tensor.DType(i); p.pack != nil {
				t.Run(fmt.Sprintf("level=%s/type=%v", s.Name, typ), func(t *testing.T) { f(t, s, typ, p) })
			}
		}
	}
}

// TestPackersOfLevels holds that no packer is left out: those of amd64 are for these types.
func TestPackersOfLevels(t *testing.T) {
	want := []tensor.DType{
		tensor.F32, tensor.F16, tensor.Q4_0, tensor.Q4_1, tensor.Q5_0, tensor.Q5_1, tensor.Q8_0, tensor.Q2_K, tensor.Q3_K, tensor.Q4_K,
		tensor.Q5_K, tensor.Q6_K, tensor.IQ4_NL, tensor.IQ4_XS, tensor.BF16, tensor.TQ2_0, tensor.MXFP4, tensor.Q2_0,
	}
	for _, s := range Available() {
		if s.Name == "generic" || runtime.GOARCH != "amd64" {
			continue
		}
		var got []tensor.DType
		for i, p := range s.packers {
			if p.pack != nil {
				got = append(got, tensor.DType(i))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("level %s has packers for %v, want %v", s.Name, got, want)
		}
	}
}

// TestPackers holds that all levels write the same panels, and read and write nothing else.
func TestPackers(t *testing.T) {
	eachPacker(t, func(t *testing.T, s *Set, typ tensor.DType, p packer) {
		rng := rand.New(rand.NewPCG(3, uint64(typ)))
		check := func(k int, atStart bool) {
			t.Helper()
			c := newPackCase(t, rng, typ, k, atStart)
			if !c.same(t, s, fenced(t, c.layout.PanelBytes(k), atStart), c.twin(t)) {
				t.Errorf("k=%d atStart=%v: the panel differs from that of single rows", k, atStart)
			}
		}
		for steps := range 6 {
			for rest := 0; rest < p.columns; rest += typ.BlockLen() {
				check(steps*p.columns+rest, false)
				check(steps*p.columns+rest, true)
			}
		}
		check(37*256, false)
	})
}

// TestPackersSee holds that TestPackers would see a wrong bit: each stored one changes the panel.
func TestPackersSee(t *testing.T) {
	eachPacker(t, func(t *testing.T, s *Set, typ tensor.DType, p packer) {
		c := newPackCase(t, rand.New(rand.NewPCG(4, uint64(typ))), typ, p.columns, false)
		dst, want := make([]byte, c.layout.PanelBytes(c.k)), c.twin(t)
		for r, row := range c.rows {
			for bit := range 8 * len(row) {
				row[bit/8] ^= 1 << (bit % 8)
				if c.same(t, s, dst, want) {
					t.Fatalf("bit %d of row %d is not in the panel", bit, r)
				}
				row[bit/8] ^= 1 << (bit % 8)
			}
		}
	})
}

// TestPackersUsed holds that rows at other distances, and fewer than a panel, are packed as well as those at one distance,
// and that packers are called for the latter.
func TestPackersUsed(t *testing.T) {
	eachPacker(t, func(t *testing.T, s *Set, typ tensor.DType, p packer) {
		calls, counting := 0, *s
		counting.packers[typ].pack = func(dst, src *byte, stride, n, ahead int) {
			calls++
			p.pack(dst, src, stride, n, ahead)
		}
		c := newPackCase(t, rand.New(rand.NewPCG(5, uint64(typ))), typ, 256, false)
		dst := make([]byte, c.layout.PanelBytes(c.k))
		check := func(name string, want int) {
			t.Helper()
			calls = 0
			if !c.same(t, &counting, dst, c.twin(t)) || calls != want {
				t.Errorf("%s: %d calls, or another panel than that of single rows; want %d calls", name, calls, want)
			}
		}
		check("one distance", 1)
		for i := range PanelRows / 2 {
			c.rows[i], c.rows[PanelRows-1-i] = c.rows[PanelRows-1-i], c.rows[i]
		}
		check("upside down", 1)
		c.rows[3], c.rows[9] = c.rows[9], c.rows[3]
		check("two exchanged", 0)
		c.rows[15] = nil
		check("one missing", 0)
		c.rows = [PanelRows][]byte{}
		check("all missing", 0)
	})
}

// TestPackAllocates holds that a packer costs no memory.
func TestPackAllocates(t *testing.T) {
	eachPacker(t, func(t *testing.T, s *Set, typ tensor.DType, p packer) {
		c := newPackCase(t, rand.New(rand.NewPCG(6, uint64(typ))), typ, 256, false)
		dst := make([]byte, c.layout.PanelBytes(c.k))
		n := testing.AllocsPerRun(10, func() {
			rows := c.rows // of the caller's stack, as in the loader
			if err := s.Pack(dst, typ, c.k, &rows); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// BenchmarkPack reports the rate of stored bytes when a panel and its rows are in a cache.
func BenchmarkPack(b *testing.B) {
	for _, typ := range tensor.DTypes() {
		rng := rand.New(rand.NewPCG(1, 1))
		const k = 2048
		row, err := typ.RowBytes(k)
		if err != nil {
			b.Fatal(err)
		}
		stored := make([]byte, PanelRows*row)
		var rows [PanelRows][]byte
		for r := range rows {
			rows[r] = stored[r*row : (r+1)*row]
			copy(rows[r], storedRow(b, rng, typ, k))
		}
		l, _ := LayoutFor(typ)
		dst := make([]byte, l.PanelBytes(k))
		for _, s := range Available() {
			b.Run(fmt.Sprintf("type=%v/level=%s", typ, s.Name), func(b *testing.B) {
				b.SetBytes(int64(len(stored)))
				b.ReportAllocs()
				for b.Loop() {
					if err := s.Pack(dst, typ, k, &rows); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkPackStream reports the rate of stored bytes when the rows, one panel's after the other, come from memory.
func BenchmarkPackStream(b *testing.B) {
	stored := make([]byte, 192<<20)
	for i := range stored {
		stored[i] = byte(i)
	}
	for _, typ := range []tensor.DType{tensor.Q4_0, tensor.Q8_0, tensor.Q4_K, tensor.Q6_K} {
		for _, k := range []int{1024, 2048, 4096} {
			row, err := typ.RowBytes(k)
			if err != nil {
				b.Fatal(err)
			}
			l, _ := LayoutFor(typ)
			dst, panels := make([]byte, l.PanelBytes(k)), len(stored)/(PanelRows*row)
			for _, s := range Available() {
				b.Run(fmt.Sprintf("type=%v/k=%d/level=%s", typ, k, s.Name), func(b *testing.B) {
					b.SetBytes(int64(panels * PanelRows * row))
					var rows [PanelRows][]byte
					for b.Loop() {
						for i := range panels * PanelRows {
							rows[i%PanelRows] = stored[i*row : (i+1)*row]
							if i%PanelRows < PanelRows-1 {
								continue
							}
							if err := s.Pack(dst, typ, k, &rows); err != nil {
								b.Fatal(err)
							}
						}
					}
				})
			}
		}
	}
}
