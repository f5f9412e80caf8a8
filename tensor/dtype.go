package tensor

import (
	"fmt"
	"math"
)

// DType is the type of the elements of a tensor, as stored. Values up to 127 are the type numbers of the GGUF format;
// the numbers that GGUF has retired (4, 5, 31–33, 36–38) are not valid.
type DType uint8

// The element types of GGUF files.
const (
	F32     DType = 0
	F16     DType = 1
	Q4_0    DType = 2
	Q4_1    DType = 3
	Q5_0    DType = 6
	Q5_1    DType = 7
	Q8_0    DType = 8
	Q8_1    DType = 9
	Q2_K    DType = 10
	Q3_K    DType = 11
	Q4_K    DType = 12
	Q5_K    DType = 13
	Q6_K    DType = 14
	Q8_K    DType = 15
	IQ2_XXS DType = 16
	IQ2_XS  DType = 17
	IQ3_XXS DType = 18
	IQ1_S   DType = 19
	IQ4_NL  DType = 20
	IQ3_S   DType = 21
	IQ2_S   DType = 22
	IQ4_XS  DType = 23
	I8      DType = 24
	I16     DType = 25
	I32     DType = 26
	I64     DType = 27
	F64     DType = 28
	IQ1_M   DType = 29
	BF16    DType = 30
	TQ1_0   DType = 34
	TQ2_0   DType = 35
	MXFP4   DType = 39
	NVFP4   DType = 40
	Q1_0    DType = 41
	Q2_0    DType = 42
)

// numDTypes bounds the table below.
const numDTypes = 43

// dtypes has one row per type: its name in files, the elements of a block and the bytes of a block.
var dtypes = [numDTypes]struct {
	name         string
	block, bytes int
}{
	F32: {"F32", 1, 4}, F16: {"F16", 1, 2}, BF16: {"BF16", 1, 2}, F64: {"F64", 1, 8},
	I8: {"I8", 1, 1}, I16: {"I16", 1, 2}, I32: {"I32", 1, 4}, I64: {"I64", 1, 8},
	Q4_0: {"Q4_0", 32, 18}, Q4_1: {"Q4_1", 32, 20}, Q5_0: {"Q5_0", 32, 22}, Q5_1: {"Q5_1", 32, 24},
	Q8_0: {"Q8_0", 32, 34}, Q8_1: {"Q8_1", 32, 36},
	Q2_K: {"Q2_K", 256, 84}, Q3_K: {"Q3_K", 256, 110}, Q4_K: {"Q4_K", 256, 144}, Q5_K: {"Q5_K", 256, 176},
	Q6_K: {"Q6_K", 256, 210}, Q8_K: {"Q8_K", 256, 292},
	IQ1_S: {"IQ1_S", 256, 50}, IQ1_M: {"IQ1_M", 256, 56},
	IQ2_XXS: {"IQ2_XXS", 256, 66}, IQ2_XS: {"IQ2_XS", 256, 74}, IQ2_S: {"IQ2_S", 256, 82},
	IQ3_XXS: {"IQ3_XXS", 256, 98}, IQ3_S: {"IQ3_S", 256, 110},
	IQ4_NL: {"IQ4_NL", 32, 18}, IQ4_XS: {"IQ4_XS", 256, 136},
	TQ1_0: {"TQ1_0", 256, 54}, TQ2_0: {"TQ2_0", 256, 66},
	MXFP4: {"MXFP4", 32, 17}, NVFP4: {"NVFP4", 64, 36},
	Q1_0: {"Q1_0", 128, 18}, Q2_0: {"Q2_0", 64, 18},
}

// DTypes returns every valid type in ascending order.
func DTypes() []DType {
	var ts []DType
	for i := range dtypes {
		if dtypes[i].block > 0 {
			ts = append(ts, DType(i))
		}
	}
	return ts
}

// Valid reports whether t is one of the types above.
func (t DType) Valid() bool { return int(t) < numDTypes && dtypes[t].block > 0 }

// String returns the name of the type as files spell it, for instance "Q4_K".
func (t DType) String() string {
	if !t.Valid() {
		return fmt.Sprintf("DType(%d)", uint8(t))
	}
	return dtypes[t].name
}

// ParseDType returns the type of the given name.
func ParseDType(name string) (DType, error) {
	for i := range dtypes {
		if dtypes[i].block > 0 && dtypes[i].name == name {
			return DType(i), nil
		}
	}
	return 0, fmt.Errorf("tensor: no element type is called %q", name)
}

// BlockLen returns the number of elements that are stored together: 1 for plain types, 32 to 256 for block formats.
// It is 0 for an invalid type.
func (t DType) BlockLen() int {
	if !t.Valid() {
		return 0
	}
	return dtypes[t].block
}

// BlockBytes returns the bytes of one block, 0 for an invalid type.
func (t DType) BlockBytes() int {
	if !t.Valid() {
		return 0
	}
	return dtypes[t].bytes
}

// RowBytes returns the bytes of a row of n elements. n must not be negative and must be a multiple of BlockLen, and
// the result must fit an int.
func (t DType) RowBytes(n int) (int, error) {
	if !t.Valid() {
		return 0, fmt.Errorf("tensor: %v is not a valid element type", t)
	}
	d := dtypes[t]
	if n < 0 || n%d.block != 0 {
		return 0, fmt.Errorf("tensor: a row of %d elements is not a whole number of %v blocks of %d", n, t, d.block)
	}
	if n/d.block > math.MaxInt/d.bytes {
		return 0, fmt.Errorf("tensor: a row of %d elements of %v is larger than the address space", n, t)
	}
	return n / d.block * d.bytes, nil
}
