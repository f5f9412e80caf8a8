package testmodel

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
)

// random returns the generator of the tensor of the given name: each tensor has its own, so that its bytes depend on
// nothing else.
func random(seed uint64, name string) *rand.PCG {
	h := fnv.New64a()
	io.WriteString(h, name)
	return rand.NewPCG(seed, h.Sum64())
}

// format says how random bytes become valid blocks of a type.
type format struct {
	// scales are the F16 fields of a block: where, and how many times the scale of the block.
	scales []field
	// signed says that the codes are about symmetric, so that the scale of a block may be negative: it takes away the
	// rest of the mean.
	signed bool
	// fix corrects the random bytes of a block, before the scales are set.
	fix func(b []byte)
}

// field is an F16 number of a block.
type field struct {
	at    int
	ratio float32
}

// formats has the block types. Where a block has a minimum, the field for it is the scale times the mean code, so that
// weights have mean zero.
var formats = map[tensor.DType]format{
	tensor.Q4_0:   {scales: []field{{0, 1}}, signed: true},
	tensor.Q4_1:   {scales: []field{{0, 1}, {2, -7.5}}},
	tensor.Q5_0:   {scales: []field{{0, 1}}, signed: true},
	tensor.Q5_1:   {scales: []field{{0, 1}, {2, -15.5}}},
	tensor.Q8_0:   {scales: []field{{0, 1}}, fix: oddCodes},
	tensor.Q2_K:   {scales: []field{{80, 1}, {82, 1.5}}, fix: equalNibbles},
	tensor.Q3_K:   {scales: []field{{108, 1}}, signed: true},
	tensor.Q4_K:   {scales: []field{{0, 1}, {2, 7.5}}, fix: equalScales},
	tensor.Q5_K:   {scales: []field{{0, 1}, {2, 15.5}}, fix: equalScales},
	tensor.Q6_K:   {scales: []field{{208, 1}}, signed: true},
	tensor.IQ4_NL: {scales: []field{{0, 1}}, signed: true},
	tensor.IQ4_XS: {scales: []field{{0, 1}}, signed: true},
}

// oddCodes keeps int8 codes from -128, which no encoder writes.
func oddCodes(b []byte) {
	for i := 2; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], binary.LittleEndian.Uint64(b[i:])|0x0101010101010101)
	}
}

// equalNibbles gives each sub-block of Q2_K a minimum equal to its scale.
func equalNibbles(b []byte) {
	for i := range 16 {
		b[i] = b[i]&15 | b[i]<<4
	}
}

// equalScales gives each sub-block of Q4_K and Q5_K a scale from 32 to 63 and an equal minimum.
func equalScales(b []byte) {
	s := b[4:16]
	for j := range 4 {
		low, high := s[j]&31|32, s[j+4]&31|32
		s[j] = low | high>>4<<6
		s[j+4] = s[j]
		s[j+8] = high&15 | high<<4
	}
}

// fillTypes returns the types of which random weights can be made.
func fillTypes() []tensor.DType {
	ts := []tensor.DType{tensor.F32, tensor.F16, tensor.BF16}
	for t := range formats {
		ts = append(ts, t)
	}
	slices.Sort(ts)
	return ts
}

// chunk is about how many bytes are made at a time.
const chunk = 1 << 18

// filler makes weights of one type with mean 0 and, about, a given root mean square.
type filler struct {
	t      tensor.DType
	format format
	// ds are F16 scales that the blocks take at random; empty for plain types.
	ds [16]float32
	// clear and set make floats of random bits, eight bytes at a time: sign and fraction stay, the exponent is set.
	clear, set uint64
}

// newFiller returns the filler of a type.
func newFiller(t tensor.DType, rms float64) (*filler, error) {
	f := &filler{t: t}
	// Magnitudes that are uniform from 2^e to 2^(e+1) have a root mean square of 2^e * sqrt(7/3).
	e := int(math.Round(math.Log2(rms / math.Sqrt(7.0/3))))
	switch t {
	case tensor.F32:
		f.clear, f.set = 0x807fffff807fffff, uint64(e+127)<<23*(1<<32+1)
		return f, nil
	case tensor.F16:
		f.clear, f.set = 0x83ff83ff83ff83ff, uint64(max(e, -14)+15)<<10*(1<<48+1<<32+1<<16+1)
		return f, nil
	case tensor.BF16:
		f.clear, f.set = 0x807f807f807f807f, uint64(e+127)<<7*(1<<48+1<<32+1<<16+1)
		return f, nil
	}
	var ok bool
	if f.format, ok = formats[t]; !ok {
		return nil, fmt.Errorf("testmodel: random weights of type %v: want one of %v", t, fillTypes())
	}
	unit, err := f.unitRMS()
	if err != nil {
		return nil, err
	}
	for i := range f.ds {
		f.ds[i] = float32(rms / unit * (0.7 + 0.04*float64(i)))
		if f.format.signed && i%2 == 1 {
			f.ds[i] = -f.ds[i]
		}
	}
	return f, nil
}

// unitRMS measures the root mean square of weights with block scale 1.
func (f *filler) unitRMS() (float64, error) {
	for i := range f.ds {
		f.ds[i] = 1
	}
	const blocks = 64
	b := make([]byte, blocks*f.t.BlockBytes())
	f.fill(b, rand.NewPCG(1, 2))
	x := make([]float32, blocks*f.t.BlockLen())
	if err := quant.Decode(x, b, f.t); err != nil {
		return 0, err
	}
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(x))), nil
}

// fill makes whole blocks.
func (f *filler) fill(b []byte, rng *rand.PCG) {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], rng.Uint64())
	}
	var last [8]byte
	binary.LittleEndian.PutUint64(last[:], rng.Uint64())
	copy(b[i:], last[:])
	if f.clear != 0 {
		f.exponents(b)
		return
	}
	pick := uint64(0)
	for n, size := 0, f.t.BlockBytes(); n < len(b); n += size {
		if n/size%16 == 0 {
			pick = rng.Uint64()
		}
		block := b[n:][:size]
		if f.format.fix != nil {
			f.format.fix(block)
		}
		d := f.ds[pick&15]
		pick >>= 4
		for _, s := range f.format.scales {
			binary.LittleEndian.PutUint16(block[s.at:], quant.F32ToF16(d*s.ratio))
		}
	}
}

// exponents makes floats of random bits.
func (f *filler) exponents(b []byte) {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], binary.LittleEndian.Uint64(b[i:])&f.clear|f.set)
	}
	var last [8]byte
	n := copy(last[:], b[i:])
	binary.LittleEndian.PutUint64(last[:], binary.LittleEndian.Uint64(last[:])&f.clear|f.set)
	copy(b[i:], last[:n])
}

// write writes n bytes of weights.
func (f *filler) write(w io.Writer, n int, rng *rand.PCG) error {
	whole := chunk / f.t.BlockBytes() * f.t.BlockBytes()
	b := make([]byte, min(n, whole))
	for n > 0 {
		p := b[:min(n, len(b))]
		f.fill(p, rng)
		if _, err := w.Write(p); err != nil {
			return err
		}
		n -= len(p)
	}
	return nil
}

// around writes float32 numbers spread evenly from centre-spread to centre+spread: norms and biases.
func around(w io.Writer, n int, centre, spread float64, rng *rand.PCG) error {
	r := rand.New(rng)
	b := make([]byte, 4*n)
	for i := range n {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(float32(centre+spread*(2*r.Float64()-1))))
	}
	_, err := w.Write(b)
	return err
}
