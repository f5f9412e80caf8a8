package quant

import (
	"math"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tensor"
)

// int8Blocks are the sizes that packers rely on.
var int8Blocks = map[int]string{
	16: "Q2_K Q3_K Q6_K IQ2_XS IQ2_S IQ1_M NVFP4",
	32: "Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q8_1 Q4_K Q5_K Q8_K IQ4_NL IQ4_XS MXFP4 IQ2_XXS IQ3_XXS IQ3_S IQ1_S TQ1_0 TQ2_0 Q1_0 Q2_0",
	0:  "F32 F16 BF16 F64 I8 I16 I32 I64",
}

func TestInt8Block(t *testing.T) {
	n := 0
	for want, list := range int8Blocks {
		for _, name := range strings.Fields(list) {
			typ, err := tensor.ParseDType(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := Int8Block(typ); got != want {
				t.Errorf("Int8Block(%v) = %d, want %d", typ, got, want)
			}
			n++
		}
	}
	if all := len(tensor.DTypes()); n != all {
		t.Errorf("the table has %d types, tensor has %d", n, all)
	}
}

// TestGrid holds the sizes of grids, that their points are different and have the levels of their types, and that callers
// get copies.
func TestGrid(t *testing.T) {
	sizes := map[tensor.DType]int{
		tensor.IQ1_S: 2048, tensor.IQ1_M: 2048, tensor.IQ2_XXS: 256, tensor.IQ2_XS: 512, tensor.IQ2_S: 1024,
		tensor.IQ3_XXS: 256, tensor.IQ3_S: 512,
	}
	for _, typ := range tensor.DTypes() {
		points := Grid(typ)
		if len(points) != sizes[typ] {
			t.Errorf("%v has %d points, want %d", typ, len(points), sizes[typ])
		}
		seen := map[uint16]bool{}
		for i, p := range points {
			if triples := sizes[typ] > 0 && strings.HasPrefix(typ.String(), "IQ3"); triples && p > 1<<12-1 || !triples && p&(p>>1)&0x5555 != 0 {
				t.Errorf("%v: point %d is %#x", typ, i, p)
			}
			seen[p], points[i] = true, 0
		}
		if len(seen) != len(points) || len(points) > 1 && Grid(typ)[1] == 0 {
			t.Errorf("%v: %d of %d points are different, or the grid was changed", typ, len(seen), len(points))
		}
	}
}

// TestDecodeInt8 compares the view with Decode on random rows: equal bits, but for the sign of zeros.
func TestDecodeInt8(t *testing.T) {
	for _, typ := range tensor.DTypes() {
		if Int8Block(typ) == 0 {
			continue
		}
		t.Run(typ.String(), func(t *testing.T) {
			const n = 16*chunkLen + 3*256
			src := randomRow(typ, n)
			if typ == tensor.Q8_0 || typ == tensor.Q8_1 || typ == tensor.Q8_K {
				for i, v := range src { // no code −128; some scales change too
					if v == 0x80 {
						src[i] = 0x81
					}
				}
			}
			compareViews(t, src, n, typ)
		})
	}
}

// TestDecodeInt8Recorded does the same on the recorded encodings of real weights.
func TestDecodeInt8Recorded(t *testing.T) {
	all, _ := recorded(t)
	for name, r := range all {
		if Int8Block(r.Type) > 0 {
			t.Run(name, func(t *testing.T) { compareViews(t, r.blocks, len(r.values), r.Type) })
		}
	}
}

func compareViews(t *testing.T, src []byte, n int, typ tensor.DType) {
	t.Helper()
	b := Int8Block(typ)
	want, codes := make([]float32, n), make([]int8, n)
	scale, offset := make([]float32, n/b), make([]float32, n/b)
	if err := Decode(want, src, typ); err != nil {
		t.Fatal(err)
	}
	if err := DecodeInt8(codes, scale, offset, src, typ); err != nil {
		t.Fatal(err)
	}
	largest := 0
	for i, q := range codes {
		s, m := scale[i/b], offset[i/b]
		if m != 0 && !Int8Offset(typ) {
			t.Fatalf("element %d has offset %v, expected none", i, m)
		}
		got := float32(s*float32(q)) + m
		if !same(got, want[i]) && (got != 0 || want[i] != 0) {
			t.Fatalf("element %d: %v·%d + %v = %v, Decode gives %v", i, s, q, m, got, want[i])
		}
		largest = max(largest, int(q), -int(q))
	}
	if largest > 127 || largest == 0 {
		t.Errorf("largest code %d", largest)
	}
	if !Int8Offset(typ) {
		if err := DecodeInt8(codes, scale, nil, src, typ); err != nil {
			t.Errorf("without offsets: %v", err)
		}
	}
}

func TestDecodeInt8Errors(t *testing.T) {
	low := make([]byte, 84)
	low[34+2+5] = 0x80
	for _, c := range []struct {
		typ                   tensor.DType
		n, src, scale, offset int
		want                  string
	}{
		{tensor.F16, 32, 64, 1, 1, "F16 has no int8 view"},
		{tensor.DType(77), 32, 64, 1, 1, "DType(77) has no int8 view"},
		{tensor.Q2_K, 256, 84, 8, 16, "256 elements of Q2_K have 16 scales, room for 8"},
		{tensor.Q2_K, 256, 84, 16, 0, "256 elements of Q2_K have 16 offsets, room for 0"},
		{tensor.Q4_0, 32, 18, 1, 2, "32 elements of Q4_0 have 1 offsets, room for 2"},
		{tensor.Q4_0, 32, 17, 1, 1, "32 elements of Q4_0 take 18 bytes, have 17"},
		{tensor.Q8_0, 64, 68, 2, 2, "element 37 of Q8_0 has code -128"},
	} {
		err := DecodeInt8(make([]int8, c.n), make([]float32, c.scale), make([]float32, c.offset), low[:c.src:c.src], c.typ)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want %q", c.typ, err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, typ := range tensor.DTypes() {
		f.Add(uint8(typ), randomRow(typ, 256))
	}
	f.Add(uint8(tensor.Q4_K), []byte{1, 2, 3})
	f.Add(uint8(255), []byte{})
	f.Fuzz(func(t *testing.T, number uint8, src []byte) {
		typ := tensor.DType(number)
		if !typ.Valid() {
			if Decode(nil, src, typ) == nil || DecodeInt8(nil, nil, nil, src, typ) == nil {
				t.Fatalf("%v was accepted", typ)
			}
			return
		}
		n := len(src) / typ.BlockBytes() * typ.BlockLen()
		err := Decode(make([]float32, n), src, typ)
		if exact := len(src)%typ.BlockBytes() == 0; (err == nil) != exact {
			t.Fatalf("%v: %d bytes: error %v", typ, len(src), err)
		}
		if b := Int8Block(typ); b > 0 {
			codes := make([]int8, n)
			if DecodeInt8(codes, make([]float32, n/b), make([]float32, n/b), src, typ) == nil {
				for i, q := range codes {
					if q == math.MinInt8 {
						t.Fatalf("%v: code %d is -128", typ, i)
					}
				}
			}
		}
	})
}
