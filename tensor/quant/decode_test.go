package quant

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tensor"
)

// randomRow returns n elements of a type as random bytes: every bit pattern of a block is valid. It depends on nothing
// but its arguments.
func randomRow(t tensor.DType, n int) []byte {
	size, err := t.RowBytes(n)
	if err != nil {
		panic(err)
	}
	r := rand.New(rand.NewPCG(uint64(t), 1))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// decodedHash are hashes of what the random rows decode to. They were recorded when Decode agreed with ggml's own
// functions bit for bit on these rows; see TestDecodeRecorded for the comparison that can be repeated. Q8_1 has no
// counterpart there.
var decodedHash = map[tensor.DType]uint64{
	tensor.BF16:    0xcdeb6d39faa34788,
	tensor.F16:     0x50ad62b6133374d9,
	tensor.F32:     0xb1c59843a566ee9b,
	tensor.F64:     0x91fd9e250b42377c,
	tensor.I16:     0x4559b5173c70e0d9,
	tensor.I32:     0xcb2446480fe88b1f,
	tensor.I64:     0xa0868ae400ea304d,
	tensor.I8:      0x2ac38e8d2dfacadd,
	tensor.IQ1_M:   0xa0b83edd462a6e55,
	tensor.IQ1_S:   0x678e878950c47c68,
	tensor.IQ2_S:   0xb7663cfedd8e8514,
	tensor.IQ2_XS:  0x1eb1ef0edcb622a8,
	tensor.IQ2_XXS: 0x1f24539d94921a93,
	tensor.IQ3_S:   0xe8dfa54d226b3d0c,
	tensor.IQ3_XXS: 0xa1508c11012b8c43,
	tensor.IQ4_NL:  0x9d75404341f6985f,
	tensor.IQ4_XS:  0x533280df44ab996d,
	tensor.MXFP4:   0xf135cf7bc1fbc7b0,
	tensor.NVFP4:   0xa19647d2950be3bf,
	tensor.Q1_0:    0x73eb422af8e2c125,
	tensor.Q2_0:    0x04451e3fcef59e86,
	tensor.Q2_K:    0x47282cf6e569b272,
	tensor.Q3_K:    0xcb8fa0cf6688996a,
	tensor.Q4_0:    0x3e6769a54bdd069c,
	tensor.Q4_1:    0x63e39a4ce7f856e1,
	tensor.Q4_K:    0xc114482f4e565cde,
	tensor.Q5_0:    0x70004f61d3acca16,
	tensor.Q5_1:    0x47fb8eff695d0d3e,
	tensor.Q5_K:    0x9727d72e7a51ee1b,
	tensor.Q6_K:    0xc0de8ddd75a88cf6,
	tensor.Q8_0:    0x8edd3f671189e2f2,
	tensor.Q8_1:    0x1c0ce158a22d4ad0,
	tensor.Q8_K:    0xa7a0b9f6905fa992,
	tensor.TQ1_0:   0x1bb92766e7838df4,
	tensor.TQ2_0:   0xfcb6d967b382aa0e,
}

func TestDecodeRandom(t *testing.T) {
	for _, typ := range tensor.DTypes() {
		got := make([]float32, 64*256)
		if err := Decode(got, randomRow(typ, len(got)), typ); err != nil {
			t.Fatal(err)
		}
		h := fnv.New64a()
		for _, v := range got {
			bits := math.Float32bits(v)
			if v != v {
				bits = 0x7fc00000
			}
			h.Write(le.AppendUint32(nil, bits))
		}
		if want := decodedHash[typ]; h.Sum64() != want {
			t.Errorf("tensor.%v: %#016x, recorded %#016x", typ, h.Sum64(), want)
		}
	}
}

// TestDecodeLengths decodes rows of every number of blocks up to a few chunks, which must agree with one long row.
func TestDecodeLengths(t *testing.T) {
	for _, typ := range tensor.DTypes() {
		const n = 3 * chunkLen
		src := randomRow(typ, n)
		all := make([]float32, n)
		if err := Decode(all, src, typ); err != nil {
			t.Fatal(err)
		}
		for blocks := range min(n/typ.BlockLen(), 40) + 1 {
			got := make([]float32, blocks*typ.BlockLen())
			if err := Decode(got, src[:blocks*typ.BlockBytes()], typ); err != nil {
				t.Fatal(err)
			}
			for i, v := range got {
				if !same(v, all[i]) {
					t.Fatalf("%v: element %d of %d blocks is %v, of a longer row %v", typ, i, blocks, v, all[i])
				}
			}
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct {
		typ    tensor.DType
		n, src int
		want   string
	}{
		{tensor.Q4_K, 256, 143, "quant: Decode: 256 elements of Q4_K take 144 bytes, have 143"},
		{tensor.Q4_K, 256, 145, "quant: Decode: 256 elements of Q4_K take 144 bytes, have 145"},
		{tensor.Q4_K, 255, 144, "not a whole number of Q4_K blocks of 256"},
		{tensor.DType(4), 32, 18, "DType(4) is not a valid element type"},
		{tensor.DType(200), 32, 18, "DType(200) is not a valid element type"},
	} {
		err := Decode(make([]float32, c.n), make([]byte, c.src), c.typ)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, %d elements, %d bytes: error %v, want %q", c.typ, c.n, c.src, err, c.want)
		}
	}
}

// TestSupported requires a row for every type and a consistent one.
func TestSupported(t *testing.T) {
	for _, typ := range tensor.DTypes() {
		f := lookup(typ)
		if (f.plain == nil) == (f.view == nil) {
			t.Errorf("%v: want one of plain and view", typ)
		}
		if decode, encode := Supported(typ); !decode || encode != (f.encode != nil) {
			t.Errorf("%v: Supported is %v, %v", typ, decode, encode)
		}
		if block := Int8Block(typ); (f.view != nil) != (block == 16 || block == 32) {
			t.Errorf("%v: Int8Block is %d", typ, block)
		}
	}
	if decode, encode := Supported(tensor.DType(5)); decode || encode {
		t.Error("DType(5) is supported")
	}
}

func TestAllocations(t *testing.T) {
	const n = 512
	values, codes := make([]float32, n), make([]int8, n)
	finite := randomFloats(n)
	for _, typ := range tensor.DTypes() {
		src := randomRow(typ, n)
		if typ == tensor.Q8_0 || typ == tensor.Q8_1 || typ == tensor.Q8_K {
			clear(src)
		}
		if got := testing.AllocsPerRun(10, func() { mustNot(t, Decode(values, src, typ)) }); got != 0 {
			t.Errorf("Decode of %v allocates %v times", typ, got)
		}
		if b := Int8Block(typ); b > 0 {
			scale, offset := make([]float32, n/b), make([]float32, n/b)
			if got := testing.AllocsPerRun(10, func() { mustNot(t, DecodeInt8(codes, scale, offset, src, typ)) }); got != 0 {
				t.Errorf("DecodeInt8 of %v allocates %v times", typ, got)
			}
		}
		if _, ok := Supported(typ); ok {
			if got := testing.AllocsPerRun(10, func() { mustNot(t, Encode(src, finite, typ)) }); got != 0 {
				t.Errorf("Encode of %v allocates %v times", typ, got)
			}
		}
	}
}

func mustNot(t *testing.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// randomFloats returns n normal numbers, the same on every call.
func randomFloats(n int) []float32 {
	r := rand.New(rand.NewPCG(7, 7))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func BenchmarkDecode(b *testing.B) {
	const n = 4096
	dst := make([]float32, n)
	for _, typ := range tensor.DTypes() {
		src := randomRow(typ, n)
		b.Run("type="+typ.String(), func(b *testing.B) {
			b.SetBytes(4 * n)
			for b.Loop() {
				if err := Decode(dst, src, typ); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
