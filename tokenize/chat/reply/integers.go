package reply

import (
	"fmt"
	"math"
	"strings"
)

const anyInteger = `"-"? ("0" | [1-9] [0-9]{0,8})`

// integers returns the expression for whole numbers within the bounds.
func (b *builder) integers(n *node, path string) string {
	low, high := math.Inf(-1), math.Inf(1)
	var v float64
	if n.read("minimum", &v) {
		low = math.Ceil(v)
	}
	if n.read("exclusiveMinimum", &v) {
		low = max(low, math.Floor(v)+1)
	}
	if n.read("maximum", &v) {
		high = math.Floor(v)
	}
	if n.read("exclusiveMaximum", &v) {
		high = min(high, math.Ceil(v)-1)
	}
	const most = 1e9
	switch format := ""; {
	case !n.read("format", &format):
	case format == "uint64":
		low = max(low, 0)
	case format != "int32" && format != "int64" && format != "float" && format != "double": // which hold what is written here
		return b.refuse(path, "format", fmt.Sprintf("%.80q is not known", format))
	}
	if low <= -most && high >= most {
		return anyInteger
	}
	if math.IsInf(low, -1) {
		low = min(-most, high)
	}
	if math.IsInf(high, 1) {
		high = max(most, low)
	}
	low, high = max(low, -most*1e6), min(high, most*1e6)
	if low > high {
		return b.refuse(path, "minimum", fmt.Sprintf("whole numbers from %v to %v", low, high))
	}
	var out []string
	if low < 0 {
		for _, s := range ranges(int64(max(1, -high)), int64(-low)) {
			out = append(out, `"-" `+s)
		}
	}
	if high >= 0 {
		out = append(out, ranges(int64(max(0, low)), int64(high))...)
	}
	return "(" + strings.Join(out, " | ") + ")"
}

// ranges returns expressions for the decimal numbers from lo to hi, both at least 0.
func ranges(lo, hi int64) []string {
	var out []string
	for lo <= hi {
		// The largest block of numbers that begins at lo, differs in the last digits only and does not pass hi.
		digits, size := 0, int64(1)
		for lo%(size*10) == 0 && lo+size*10-1 <= hi && lo != 0 && len(fmt.Sprint(lo)) > digits+1 {
			digits++
			size *= 10
		}
		// As many such blocks as the digit before allows.
		last := min(lo/size%10+(hi-lo+1)/size-1, 9)
		first := lo / size % 10
		if lo == 0 {
			last = min(hi, 9)
		}
		expr := quote(strings.TrimSuffix(fmt.Sprint(lo/size), fmt.Sprint(first)))
		expr += fmt.Sprintf(" [%d-%d]", first, last)
		if digits > 0 {
			expr += fmt.Sprintf(" [0-9]{%d}", digits)
		}
		out = append(out, strings.TrimSpace(expr))
		lo += (last - first + 1) * size
	}
	return out
}
