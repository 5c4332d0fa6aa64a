package browser

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
)

var update = flag.Bool("update", false, "take the pictures in the guides again")

const (
	pictureFolder = "../../docs/pictures"
	// A picture is part of every clone.
	pictureBytes = 60_000
	// More dots than CSS pixels keep the words sharp.
	pictureWidth = 640
	pictureScale = 1.5
	// Words are two colors and the shades between, on a few grounds.
	pictureColors = 32
)

var (
	scenes  = []string{"login", "step3", "step4"}
	schemes = []string{"light", "dark"}
)

// With -update the pictures are taken; without it they are looked at.
func TestPictures(t *testing.T) {
	testall.Only(t)
	if *update {
		takePictures(t)
	}
	var wanted []string
	for _, scene := range scenes {
		for _, scheme := range schemes {
			wanted = append(wanted, scene+"-"+scheme+".png")
			checkPicture(t, scene, scheme)
		}
	}
	entries, err := os.ReadDir(pictureFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(wanted, entry.Name()) {
			t.Errorf("%s is none of the pictures that make screenshots takes", entry.Name())
		}
	}
}

func checkPicture(t *testing.T, scene, scheme string) {
	t.Helper()
	file, err := os.ReadFile(picturePath(scene, scheme))
	if err != nil {
		t.Fatalf("%v. Take the pictures: make screenshots", err)
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatalf("%s, %s: %v", scene, scheme, err)
	}
	if len(file) > pictureBytes {
		t.Errorf("%s, %s: %d bytes, at most %d are wanted", scene, scheme, len(file), pictureBytes)
	}
	if width := picture.Bounds().Dx(); width != pictureWidth*pictureScale {
		t.Errorf("%s, %s: %d dots wide, want %d", scene, scheme, width, int(pictureWidth*pictureScale))
	}
	corner := color.GrayModel.Convert(picture.At(0, 0)).(color.Gray).Y
	if isDark := corner < 128; isDark != (scheme == "dark") {
		t.Errorf("%s, %s: the corner has the brightness %d of 255", scene, scheme, corner)
	}
}

func picturePath(scene, scheme string) string {
	return filepath.Join(pictureFolder, scene+"-"+scheme+".png")
}

func takePictures(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(pictureFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	for scene, step := range map[string]string{"step3": step3, "step4": step4} {
		t.Run("take "+scene, func(t *testing.T) {
			// The port and the TTL are those that a reader starts with.
			app := steptest.Start(t, "../../"+step, "PORT=", "REDIS_URL="+redistest.StartServer(t).URL)
			b := openTab(t, app)
			b.resize(pictureWidth, 100, chromedp.EmulateScale(pictureScale))
			if scene == "step3" {
				b.visit("/login")
				b.take("login")
			}
			b.login("ada")
			b.reload()
			b.reload()
			b.waitFor(`document.getElementById("left").textContent === "7 s"`)
			b.take(scene)
		})
	}
}

// take takes the whole page, in both schemes.
func (b *tab) take(scene string) {
	b.t.Helper()
	for _, scheme := range schemes {
		b.prefer(scheme)
		shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		b.must(err)
		small, err := withFewColors(shot)
		b.must(err)
		b.must(os.WriteFile(picturePath(scene, scheme), small, 0o644))
	}
}

// withFewColors makes a picture small: it keeps the most frequent colors and
// puts the nearest of them in place of each other one.
func withFewColors(file []byte) ([]byte, error) {
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	bounds := picture.Bounds()
	frequency := map[color.Color]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			frequency[picture.At(x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(frequency), func(a, b color.Color) int {
		return cmp.Or(cmp.Compare(frequency[b], frequency[a]), compareColors(a, b))
	})
	palette := color.Palette(colors[:min(len(colors), pictureColors)])
	nearest := map[color.Color]uint8{}
	for _, c := range colors {
		nearest[c] = uint8(palette.Index(c))
	}
	few := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			few.SetColorIndex(x, y, nearest[picture.At(x, y)])
		}
	}
	var small bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, few)
	return small.Bytes(), err
}

// compareColors puts colors in a fixed order, so that the same page gives the
// same file.
func compareColors(a, b color.Color) int {
	r1, g1, b1, _ := a.RGBA()
	r2, g2, b2, _ := b.RGBA()
	return cmp.Or(cmp.Compare(r1, r2), cmp.Compare(g1, g2), cmp.Compare(b1, b2))
}
