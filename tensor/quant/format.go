package quant

import (
	"fmt"
	"strings"

	"github.com/seed64708441/ember/tensor"
)

// format is what this package knows of one type. A type has either plain, for elements stored one by one, or view,
// for blocks.
type format struct {
	plain  func(dst []float32, src []byte) // decodes len(dst) elements
	view   func(src []byte) chunk          // unpacks whole blocks of at most chunkLen elements
	sub    int                             // elements that share a scale in the view: 16 or 32
	offset bool                            // whether the view uses offsets
	encode func(dst []byte, src []float32) // nil where Encode is not supported
}

// formats has one row per type.
var formats = [...]format{
	tensor.F32:     {plain: decodeF32, encode: encodeF32},
	tensor.F16:     {plain: decodeF16, encode: encodeF16},
	tensor.BF16:    {plain: decodeBF16, encode: encodeBF16},
	tensor.F64:     {plain: decodeF64},
	tensor.I8:      {plain: decodeI8},
	tensor.I16:     {plain: decodeI16},
	tensor.I32:     {plain: decodeI32},
	tensor.I64:     {plain: decodeI64},
	tensor.Q4_0:    {view: viewQ4_0, sub: 32, encode: encodeQ4_0},
	tensor.Q4_1:    {view: viewQ4_1, sub: 32, offset: true, encode: encodeQ4_1},
	tensor.Q5_0:    {view: viewQ5_0, sub: 32, encode: encodeQ5_0},
	tensor.Q5_1:    {view: viewQ5_1, sub: 32, offset: true, encode: encodeQ5_1},
	tensor.Q8_0:    {view: viewQ8_0, sub: 32, encode: encodeQ8_0},
	tensor.Q8_1:    {view: viewQ8_1, sub: 32},
	tensor.Q2_K:    {view: viewQ2_K, sub: 16, offset: true},
	tensor.Q3_K:    {view: viewQ3_K, sub: 16},
	tensor.Q4_K:    {view: viewQ4_K, sub: 32, offset: true, encode: encodeQ4_K},
	tensor.Q5_K:    {view: viewQ5_K, sub: 32, offset: true, encode: encodeQ5_K},
	tensor.Q6_K:    {view: viewQ6_K, sub: 16, encode: encodeQ6_K},
	tensor.Q8_K:    {view: viewQ8_K, sub: 32},
	tensor.IQ1_S:   {view: viewIQ1_S, sub: 32},
	tensor.IQ1_M:   {view: viewIQ1_M, sub: 16},
	tensor.IQ2_XXS: {view: viewIQ2_XXS, sub: 32},
	tensor.IQ2_XS:  {view: viewIQ2_XS, sub: 16},
	tensor.IQ2_S:   {view: viewIQ2_S, sub: 16},
	tensor.IQ3_XXS: {view: viewIQ3_XXS, sub: 32},
	tensor.IQ3_S:   {view: viewIQ3_S, sub: 32},
	tensor.IQ4_NL:  {view: viewIQ4_NL, sub: 32, encode: encodeIQ4_NL},
	tensor.IQ4_XS:  {view: viewIQ4_XS, sub: 32},
	tensor.MXFP4:   {view: viewMXFP4, sub: 32, encode: encodeMXFP4},
	tensor.NVFP4:   {view: viewNVFP4, sub: 16},
	tensor.TQ1_0:   {view: viewTQ1_0, sub: 32},
	tensor.TQ2_0:   {view: viewTQ2_0, sub: 32},
	tensor.Q1_0:    {view: viewQ1_0, sub: 32},
	tensor.Q2_0:    {view: viewQ2_0, sub: 32},
}

// Supported reports whether Decode and Encode take the type.
func Supported(t tensor.DType) (decode, encode bool) {
	f := lookup(t)
	return f.plain != nil || f.view != nil, f.encode != nil
}

// Int8Block returns how many consecutive elements share a scale in the int8 view of the type, 16 or 32, and 0 for a
// type that has no such view.
func Int8Block(t tensor.DType) int { return lookup(t).sub }

// Int8Offset reports whether the int8 view of the type uses offsets. Where it does not, all offsets are zero.
func Int8Offset(t tensor.DType) bool { return lookup(t).offset }

func lookup(t tensor.DType) format {
	if int(t) >= len(formats) {
		return format{}
	}
	return formats[t]
}

// check compares the length of a row's bytes with what its n elements need. what names the function and side at fault.
func check(what string, t tensor.DType, n, have int) error {
	need, err := t.RowBytes(n)
	if err != nil {
		return fmt.Errorf("quant: %s: %w", what, err)
	}
	if have != need {
		return fmt.Errorf("quant: %s: %d elements of %v take %d bytes, have %d", what, n, t, need, have)
	}
	return nil
}

// names lists the types that ok accepts, for errors.
func names(ok func(format) bool) string {
	var list []string
	for _, t := range tensor.DTypes() {
		if ok(lookup(t)) {
			list = append(list, t.String())
		}
	}
	return strings.Join(list, " ")
}
