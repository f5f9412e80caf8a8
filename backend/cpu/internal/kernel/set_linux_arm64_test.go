//go:build !purego

package kernel

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLevelsOfMachine: every level whose instructions the kernel of the system reports is there, and no other. It reads
// the bits itself, so that a feature that package cpu stops to report, or reports wrongly, does not go unnoticed.
func TestLevelsOfMachine(t *testing.T) {
	const (
		hwcap, hwcap2 = 16, 26 // AT_HWCAP, AT_HWCAP2
		dotProd, i8mm = 1 << 20, 1 << 13
	)
	auxv, err := unix.Auxv()
	if err != nil {
		t.Skip(err)
	}
	bits := map[uintptr]uintptr{}
	for _, pair := range auxv {
		bits[pair[0]] = pair[1]
	}
	want := []string{"neon", "generic"}
	if bits[hwcap]&dotProd != 0 {
		want = append([]string{"dotprod"}, want...)
		if bits[hwcap2]&i8mm != 0 {
			want = append([]string{"i8mm"}, want...)
		}
	}
	var got []string
	for _, s := range Available() {
		got = append(got, s.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("levels are %v, want %v", got, want)
	}
	t.Log(got)
}
