package kernel

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
)

// storedRow returns the stored bytes of k random elements that have no NaN, and no code -128 where quant refuses it.
func storedRow(t testing.TB, rng *rand.Rand, typ tensor.DType, k int) []byte {
	t.Helper()
	n, err := typ.RowBytes(k)
	if err != nil {
		t.Fatal(err)
	}
	row, values := make([]byte, n), make([]float32, k)
	for {
		for i := range row {
			row[i] = byte(rng.Uint32())
			if row[i] == 0x80 {
				row[i] = 0x7f
			}
		}
		if typ.BlockLen() == 1 {
			return row
		}
		if err := quant.Decode(values, row, typ); err != nil {
			t.Fatal(err)
		}
		finite := true
		for _, v := range values {
			finite = finite && math.Abs(float64(v)) <= math.MaxFloat32
		}
		if finite {
			return row
		}
		if k > typ.BlockLen() { // random scales are rarely all finite: block by block
			for i := 0; i < n; i += typ.BlockBytes() {
				copy(row[i:], storedRow(t, rng, typ, typ.BlockLen()))
			}
			return row
		}
	}
}

// TestPack packs every stored type and compares the widened panel with what package quant decodes, bit for bit but for
// the sign of zeros.
func TestPack(t *testing.T) {
	for _, typ := range tensor.DTypes() {
		t.Run(typ.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(typ)))
			l, ok := LayoutFor(typ)
			if !ok {
				t.Fatal("no layout")
			}
			step := max(typ.BlockLen(), l.BlockLen())
			for _, k := range []int{step, 3 * step, 7 * step, 768} {
				for _, rows := range []int{16, 1, 11} {
					checkPack(t, rng, typ, l, k, rows)
				}
			}
		})
	}
}

func checkPack(t *testing.T, rng *rand.Rand, typ tensor.DType, l Layout, k, rows int) {
	t.Helper()
	var stored [PanelRows][]byte
	for r := range rows {
		stored[r] = storedRow(t, rng, typ, k)
	}
	panel := make([]byte, l.PanelBytes(k))
	for i := range panel {
		panel[i] = 0xaa
	}
	if err := genericSet().Pack(panel, typ, k, &stored); err != nil {
		t.Fatal(err)
	}
	got, want := make([]float32, PanelRows*k), make([]float32, PanelRows*k)
	Unpack(got, l, k, panel)
	for r := range rows {
		if err := quant.Decode(want[r*k:(r+1)*k], stored[r], typ); err != nil {
			t.Fatal(err)
		}
	}
	for i := range want {
		if got[i] != want[i] && (got[i] == got[i] || want[i] == want[i]) {
			t.Fatalf("k=%d rows=%d: row %d column %d is %v, want %v", k, rows, i/k, i%k, got[i], want[i])
		}
	}
}

func TestPackErrors(t *testing.T) {
	row := make([]byte, 34)
	for _, c := range []struct {
		name   string
		room   int
		typ    tensor.DType
		k      int
		row    []byte
		errHas string
	}{
		{"type", 544, tensor.DType(99), 32, row, "no panel layout"},
		{"columns", 544, tensor.Q8_0, 33, row, "whole number"},
		{"room", 543, tensor.Q8_0, 32, row, "want 544"},
		{"row", 544, tensor.Q8_0, 32, row[1:], "row 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := [PanelRows][]byte{3: c.row}
			err := genericSet().Pack(make([]byte, c.room), c.typ, c.k, &rows)
			if err == nil || !strings.Contains(err.Error(), c.errHas) {
				t.Fatalf("error is %v, want one with %q", err, c.errHas)
			}
		})
	}
}
