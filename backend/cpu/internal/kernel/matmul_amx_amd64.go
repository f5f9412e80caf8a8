//go:build !purego

package kernel

import "unsafe"

// The products for AMX work on 16 to amxRows activation rows, a multiple of amxTile.
const (
	amxTile = 16
	amxRows = MaxTileRows
)

// matmulAMX replaces the integer products of s, which are those for AVX-512, by those for AMX-INT8 where there are
// enough activation rows.
func matmulAMX(s *Set) {
	for l, f := range map[Layout]func(a *MatMulArgs){
		PanelQ8: matmulQ8AMX, PanelQ4: matmulQ4AMX, PanelIQ4NL: matmulIQ4NLAMX, PanelMXFP4: matmulMXFP4AMX,
		PanelQ4K: matmulQ4KAMX, PanelQ5K: matmulQ5KAMX, PanelQ6K: matmulQ6KAMX,
	} {
		s.MatMul[l] = withTiles(f, s.MatMul[l])
		s.TileRows[l], s.WarmRows[l] = amxRows, amxTile
	}
}

// withTiles returns the product that has full tiles of activation rows computed by tiles, which takes one panel, and the
// others by rows. It moves a while it works, since a copy would be allocated.
func withTiles(tiles, rows func(a *MatMulArgs)) func(a *MatMulArgs) {
	panels := panelByPanel(func(a *MatMulArgs) {
		all := *a
		for done := 0; done < all.M; done += a.M {
			a.X = unsafe.Add(all.X, done*a.XStride)
			a.Dst = unsafe.Add(all.Dst, 4*done*a.DstStride)
			left := all.M - done
			if a.M = min(left&^(amxTile-1), amxRows); a.M > 0 {
				tiles(a)
			} else {
				a.M = left
				rows(a)
			}
		}
		*a = all
	})
	return func(a *MatMulArgs) {
		if a.M < amxTile {
			rows(a)
		} else {
			panels(a)
		}
	}
}
