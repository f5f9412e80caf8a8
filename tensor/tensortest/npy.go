package tensortest

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tensor"
)

var npyHeader = regexp.MustCompile(`'descr': *'([^']+)'.*'fortran_order': *(True|False).*'shape': *\(([^)]*)\)`)

// ReadNPY reads a NumPy format 1.0 file of float32 in C order.
func ReadNPY(t testing.TB, path string) ([]float32, tensor.Shape) {
	t.Helper()
	data, shape, err := readNPY(path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return data, shape
}

func readNPY(path string) ([]float32, tensor.Shape, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	if len(b) < 10 || string(b[:6]) != "\x93NUMPY" || b[6] != 1 {
		return nil, nil, fmt.Errorf("not a NumPy file of format 1.0")
	}
	n := 10 + int(binary.LittleEndian.Uint16(b[8:]))
	if n > len(b) {
		return nil, nil, fmt.Errorf("header ends at byte %d, file has %d", n, len(b))
	}
	m := npyHeader.FindStringSubmatch(string(b[10:n]))
	if m == nil || m[1] != "<f4" || m[2] != "False" {
		return nil, nil, fmt.Errorf("header %q: want little-endian float32 in C order", b[10:n])
	}
	var shape tensor.Shape
	for _, s := range strings.Split(m[3], ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		d, err := strconv.Atoi(s)
		if err != nil {
			return nil, nil, err
		}
		shape = append(shape, d)
	}
	count, err := shape.Elements()
	if err != nil {
		return nil, nil, err
	}
	b = b[n:]
	if len(b) != 4*count {
		return nil, nil, fmt.Errorf("shape %v needs %d bytes, file has %d", shape, 4*count, len(b))
	}
	data := make([]float32, count)
	for i := range data {
		data[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return data, shape, nil
}
