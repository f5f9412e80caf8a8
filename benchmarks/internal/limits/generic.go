package limits

// fmaGo does acc[i] += x*y for 8 numbers, n times, and returns their sum.
func fmaGo(n int, x, y float32) float32 {
	v := new([8]float32)
	for i := range v {
		v[i] = x
	}
	return fmaLoop(v, n, y)
}

// fmaLoop keeps the compiler from seeing that the numbers are equal.
//
//go:noinline
func fmaLoop(v *[8]float32, n int, y float32) float32 {
	var a, b, c, d, e, f, g, h float32
	for range n {
		a += v[0] * y
		b += v[1] * y
		c += v[2] * y
		d += v[3] * y
		e += v[4] * y
		f += v[5] * y
		g += v[6] * y
		h += v[7] * y
	}
	return a + b + c + d + e + f + g + h
}

// dotGo does acc[i] += x*y for 8 numbers, n times, and returns their sum.
func dotGo(n int, x, y int) int {
	v := new([8]int32)
	for i := range v {
		v[i] = int32(x)
	}
	return int(dotLoop(v, n, int32(y)))
}

// dotLoop keeps the compiler from seeing that the numbers are equal.
//
//go:noinline
func dotLoop(v *[8]int32, n int, y int32) int32 {
	var a, b, c, d, e, f, g, h int32
	for range n {
		a += v[0] * y
		b += v[1] * y
		c += v[2] * y
		d += v[3] * y
		e += v[4] * y
		f += v[5] * y
		g += v[6] * y
		h += v[7] * y
	}
	return a + b + c + d + e + f + g + h
}

// generic are the loops of plain Go: what a compiler makes of one number at a time.
func generic() map[Kind]chains {
	return map[Kind]chains{FP32: {fp32: fmaGo, perRound: 8}, Int8: {int8: dotGo, perRound: 8}}
}
