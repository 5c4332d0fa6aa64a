package browser

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
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
	// Every clone downloads the pictures.
	pictureBytes = 60_000
	// More dots than CSS pixels keep the text sharp.
	pictureWidth = 640
	pictureScale = 1.5
	// A text needs two colors and the shades between them, on a few
	// backgrounds.
	pictureColors = 32
)

var (
	scenes  = []string{"login", "step3", "step4"}
	schemes = []string{"light", "dark"}
	// endings are those of the pictures by their language.
	endings = map[string]string{"en": ".png", "ja": ".ja.png"}
)

// With -update the test takes the pictures, without it checks them.
func TestPictures(t *testing.T) {
	testall.Only(t)
	if *update {
		takePictures(t)
	}
	var wanted []string
	for _, scene := range scenes {
		for _, scheme := range schemes {
			for language := range endings {
				path := picturePath(scene, scheme, language)
				wanted = append(wanted, path)
				checkPicture(t, path, scheme)
			}
		}
	}
	slices.Sort(wanted)
	if found, err := filepath.Glob(picturePath("*", "*", "en")); err != nil || !slices.Equal(found, wanted) {
		t.Errorf("make screenshots takes %q, and there are %q, %v", wanted, found, err)
	}
}

func picturePath(scene, scheme, language string) string {
	return filepath.Join("../../docs/pictures", scene+"-"+scheme+endings[language])
}

func checkPicture(t *testing.T, path, scheme string) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v. Take the pictures: make screenshots", err)
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if len(file) > pictureBytes {
		t.Errorf("%s: %d bytes, at most %d are wanted", path, len(file), pictureBytes)
	}
	if width := picture.Bounds().Dx(); width != pictureWidth*pictureScale {
		t.Errorf("%s: %d dots wide, want %d", path, width, int(pictureWidth*pictureScale))
	}
	// The header has the same color in both schemes. The lower corner shows the
	// scheme.
	corner := color.GrayModel.Convert(picture.At(0, picture.Bounds().Max.Y-10)).(color.Gray).Y
	if isDark := corner < 128; isDark != (scheme == "dark") {
		t.Errorf("%s: the lower corner has the brightness %d of 255", path, corner)
	}
}

func takePictures(t *testing.T) {
	t.Helper()
	for scene, step := range map[string]string{"step3": step3, "step4": step4} {
		for language := range endings {
			t.Run("take "+scene+" "+language, func(t *testing.T) {
				// The port and the TTL are the defaults.
				app := steptest.Start(t, "../../"+step, "PORT=", "REDIS_URL="+redistest.StartServer(t).URL)
				b := openTab(t, app)
				b.read(language)
				b.resize(pictureWidth, 100, chromedp.EmulateScale(pictureScale))
				if scene == "step3" {
					b.visit("/login")
					b.take("login", language)
				}
				b.login("ada")
				b.reload()
				b.reload()
				b.waitFor(`document.getElementById("left").textContent.startsWith("7 ")`)
				b.take(scene, language)
			})
		}
	}
}

// take takes a picture of the whole page, in both schemes.
func (b *tab) take(scene, language string) {
	b.t.Helper()
	for _, scheme := range schemes {
		b.prefer(scheme)
		shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		b.must(err)
		small, err := withFewColors(shot)
		b.must(err)
		b.must(os.WriteFile(picturePath(scene, scheme, language), small, 0o644))
	}
}

// withFewColors makes a picture smaller: it keeps the most frequent colors and
// replaces every other color by the nearest of them.
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
	// The order is fixed, so that the same page gives the same file.
	colors := slices.SortedFunc(maps.Keys(frequency), func(a, b color.Color) int {
		return cmp.Or(cmp.Compare(frequency[b], frequency[a]), cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	few := image.NewPaletted(bounds, colors[:min(len(colors), pictureColors)])
	draw.Draw(few, bounds, picture, bounds.Min, draw.Src)
	var small bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, few)
	return small.Bytes(), err
}
