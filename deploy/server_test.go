package deploy

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/tools/elasticache"
	"example.com/session-workshop/tools/elasticache/elasticachetest"
)

// script returns the script of a server at its first boot.
func script(t *testing.T, choice map[string]string) string {
	t.Helper()
	return choose(t, choice).resources["WebTemplate"].at("LaunchTemplateData.UserData").(string)
}

func TestUserDataIsValidShell(t *testing.T) {
	file := filepath.Join(t.TempDir(), "user-data")
	write(t, file, script(t, nil))
	for _, tool := range [][]string{{"bash", "-n", file}, {"shellcheck", file}} {
		if _, err := exec.LookPath(tool[0]); err != nil {
			t.Skipf("NOT run: there is no %s on the PATH", tool[0])
		}
		if output, err := exec.Command(tool[0], tool[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", tool[0], err, output)
		}
	}
}

var unitText = regexp.MustCompile(`(?ms)session-store\.service <<END\n(.*?)^END$`)

func TestSystemdAcceptsTheUnit(t *testing.T) {
	testall.Only(t)
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("NOT run: there is no systemd-analyze on the PATH")
	}
	unit := unitOf(t, nil)
	for _, unit := range []string{unit, unitOf(t, map[string]string{"Auth": "iam"})} {
		if complaint := analyze(t, unit); complaint != "" {
			t.Error(complaint)
		}
	}
	for _, spoil := range [][2]string{
		{"Restart=on-failure", "Restart=on-falure"},
		{"ProtectHome", "ProtectHouse"},
		{"ExecStart=/opt", "ExecStart=opt"},
		{"IPAddressDeny=169.254.169.254", "IPAddressDeny=169.254.169.256"},
		{"SystemCallFilter=@system-service", "SystemCallFilter=@system-services"},
		{"TasksMax=256", "TasksMax=some"},
	} {
		if analyze(t, strings.Replace(unit, spoil[0], spoil[1], 1)) == "" {
			t.Errorf("%s: nothing is found", spoil[1])
		}
	}
}

// systemd rates what the process of a unit could do, from 0.0 to 10.0
// (https://www.freedesktop.org/software/systemd/man/latest/systemd-analyze.html).
// The points that remain are for the use of the network.
func TestTheUnitRestrictsTheApp(t *testing.T) {
	testall.Only(t)
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("NOT run: there is no systemd-analyze on the PATH")
	}
	file := filepath.Join(t.TempDir(), "session-store.service")
	for _, auth := range []string{"password", "iam"} {
		write(t, file, unitOf(t, map[string]string{"Auth": auth}))
		output, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", file).CombinedOutput()
		if err != nil {
			t.Errorf("with Auth=%s: %v\n%s", auth, err, output)
		}
	}
}

// unitOf returns the unit that a server writes.
func unitOf(t *testing.T, choice map[string]string) string {
	t.Helper()
	return unitText.FindStringSubmatch(script(t, choice))[1]
}

// analyze returns the output of systemd-analyze for a unit, on a system that
// has only the program and the standard targets. Its status is 0 even for a
// wrong value, so only the output counts.
func analyze(t *testing.T, unit string) string {
	t.Helper()
	root := t.TempDir()
	units := filepath.Join(root, "etc/systemd/system")
	for _, folder := range []string{units, filepath.Join(root, "opt/session-store")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "opt/session-store/current"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"sysinit", "basic", "shutdown", "network-online", "multi-user"} {
		write(t, filepath.Join(units, target+".target"), "[Unit]\nDescription="+target+"\n")
	}
	file := filepath.Join(units, "session-store.service")
	write(t, file, unit)
	output, err := exec.Command("systemd-analyze", "--root="+root, "verify", file).CombinedOutput()
	if err != nil && len(output) == 0 {
		return err.Error()
	}
	return string(output)
}

// switchTo returns the commands with which a server runs another step. The
// guide has the reader type them, as root.
func switchTo(step string) []string {
	return []string{"ln -sfn " + step + " /opt/session-store/current", "systemctl restart session-store"}
}

const inside = "DEPLOY_TEST_INSIDE"

// The server boots here, in its own namespaces: its files cover those of this
// machine, its ports are free, and it reaches only this test. Its aws, its
// systemctl and the metadata service are stand-ins; its shell, its programs,
// its environment file and the command line of its unit are real.
func TestAServerBoots(t *testing.T) {
	testall.Only(t)
	if os.Getenv(inside) == "" {
		runInside(t)
		return
	}
	prepareMachine(t)
	programs := buildPrograms(t)
	for _, c := range []struct {
		name   string
		choice map[string]string
		stand  elasticache.Options
		steps  []int // the first is the one that the template runs
	}{
		{"primary and replica", nil, elasticache.Options{}, []int{4, 1, 2, 3}},
		{"cluster mode", map[string]string{"CacheKind": "cluster"}, elasticache.Options{Cluster: true}, []int{4}},
		{"the store alone", map[string]string{"Privileges": "store"}, elasticache.Options{AccessString: elasticache.Step4AccessString}, []int{4}},
		{"tokens", map[string]string{"Auth": "iam"}, elasticache.Options{}, []int{4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(t, programs, elasticachetest.Start(t, c.stand))
			if c.choice["Auth"] == "iam" {
				m.giveTokens(t)
			}
			m.boot(t, c.choice, "")
			m.wantSignal(t, "SUCCESS WebA i-0123456789abcdef0")
			for i, step := range c.steps {
				if i > 0 {
					sh(t, m.env(), strings.Join(switchTo(steps.Folder(step)), " && "))
				}
				m.check(t, step)
			}
			m.wantNoReadableSecret(t)
		})
	}
	standIn := elasticachetest.Start(t, elasticache.Options{})
	t.Run("a program that does not start", func(t *testing.T) {
		m := newMachine(t, programs, standIn)
		sh(t, m.env(), "cd $BUCKET && printf '#!/bin/sh\\nexit 1\\n' >step4-store && sha256sum step* >SHA256SUMS")
		m.boot(t, nil, "true")
		m.wantSignal(t, "FAILURE WebA i-0123456789abcdef0")
	})
	for _, c := range []struct{ name, spoil, why string }{
		{"a list with a wrong sum", "echo >>$BUCKET/SHA256SUMS", "SHA256SUMS: FAILED"},
		{"a program that was changed", "echo >>$BUCKET/step2-visits", "step2-visits: FAILED"},
		{"a program that is missing", "rm $BUCKET/step3-ttl", "step3-ttl"},
		{"a secret that may not be read", "rm $SECRETS/ref:SecretKey", "ref:SecretKey"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(t, programs, standIn)
			output := m.boot(t, nil, c.spoil)
			m.wantSignal(t, "FAILURE WebA i-0123456789abcdef0")
			if !strings.Contains(output, c.why) {
				t.Errorf("it does not say %q:\n%s", c.why, output)
			}
			if m.started() {
				t.Error("a program was started")
			}
		})
	}
}

// runInside runs this test again, as a process in new namespaces.
func runInside(t *testing.T) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("NOT run: a server boots in its own namespaces, which needs Linux and root")
	}
	arguments := []string{"--mount", "--net", "--pid", "--fork", "--kill-child", os.Args[0], "-test.run=^TestAServerBoots$", "-test.v"}
	test := exec.CommandContext(t.Context(), "unshare", arguments...)
	// The server does not speak the language of this machine.
	test.Env = append(os.Environ(), inside+"=1", "LC_ALL=C.UTF-8")
	output, err := test.CombinedOutput()
	if err != nil || !bytes.Contains(output, []byte("--- PASS: TestAServerBoots")) {
		t.Fatalf("%v\n%s", err, output)
	}
	t.Logf("%s", output)
}

// prepareMachine covers the files that a server writes with empty ones, and
// starts the loopback interface of the namespace.
func prepareMachine(t *testing.T) {
	t.Helper()
	over := t.TempDir()
	sh(t, nil, `mount -t tmpfs tmpfs `+over+`
		mkdir `+over+`/upper `+over+`/work
		mount -t overlay overlay -o lowerdir=/etc,upperdir=`+over+`/upper,workdir=`+over+`/work /etc
		mount -t tmpfs tmpfs /opt
		mount -t proc proc /proc
		ip link set lo up`)
	t.Cleanup(func() { sh(t, nil, "umount /etc && umount "+over) })
}

func sh(t *testing.T, env []string, text string) string {
	t.Helper()
	shell := exec.Command("bash", "-ec", text)
	shell.Env = append(os.Environ(), env...)
	output, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", text, err, output)
	}
	return string(output)
}

// buildPrograms returns the folder that a user uploads.
func buildPrograms(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	build := exec.Command("go", "run", "./workshop", "deploy-build", "-arch", runtime.GOARCH, "-o", folder)
	build.Dir = "../tools"
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("deploy-build: %v\n%s", err, output)
	}
	return folder
}

// machine is one server.
type machine struct {
	standIn *elasticache.StandIn
	bucket  string
	folder  string // the stand-ins for programs of AWS, and their files
}

// The stand-ins for programs. $BUCKET and $SECRETS contain what AWS would have.
var standIns = map[string]string{
	"aws": `case "$1 $2" in
"s3 cp") for word; do case $word in s3://my-bucket/session-workshop/*) cp "$BUCKET/${word##*/}" "${!#}";; esac; done;;
"secretsmanager get-secret-value") while [ "$1" != --secret-id ]; do shift; done; cat "$SECRETS/$2";;
"cloudformation signal-resource") declare -A word; shift 2
  while [ $# -gt 0 ]; do word[$1]=$2; shift 2; done
  [ "${word[--stack-name]}" = stackid ] || { echo "no stack ${word[--stack-name]}" >&2; exit 1; }
  echo "${word[--status]} ${word[--logical-resource-id]} ${word[--unique-id]}" >>$LOG/signals;;
*) echo "aws $*: not known here" >&2; exit 1;;
esac`,
	"curl": `case "$*" in
*169.254.169.254/latest/api/token) echo token;;
*"X-aws-ec2-metadata-token: token"*meta-data/tags/instance/Server) echo WebA;;
*"X-aws-ec2-metadata-token: token"*meta-data/instance-id) echo i-0123456789abcdef0;;
*169.254.169.254*) echo "401 without a token" >&2; exit 22;;
*) exec /usr/bin/curl "${@/#60/$RETRIES}";;
esac`,
	// It starts the command of the unit with exactly the environment of the
	// unit.
	"systemctl": `unit=/etc/systemd/system/session-store.service
case "$*" in
daemon-reload) exit;;
"enable --now session-store") ;;
"restart session-store") kill "$(cat $LOG/pid)"
  while /usr/bin/curl -s -o /dev/null http://127.0.0.1:5000/healthz; do sleep 0.05; done;;
*) echo "systemctl $*: not known here" >&2; exit 1;;
esac
mapfile -t environment <"$(sed -n 's/^EnvironmentFile=//p' $unit)"
env -i "${environment[@]}" "$(sed -n 's/^ExecStart=//p' $unit)" >>$LOG/app 2>&1 </dev/null &
echo $! >$LOG/pid`,
}

func newMachine(t *testing.T, programs string, standIn *elasticache.StandIn) *machine {
	t.Helper()
	m := &machine{standIn: standIn, bucket: t.TempDir(), folder: t.TempDir()}
	sh(t, nil, "cp "+programs+"/* "+m.bucket+"; rm -rf /opt/session-store /etc/session-store.env; mkdir "+m.folder+"/log "+m.folder+"/secrets")
	for name, text := range standIns {
		if err := os.WriteFile(filepath.Join(m.folder, name), []byte("#!/bin/bash\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, m.folder+"/secrets/ref:SecretKey", strings.Repeat("k", 64)+"\n")
	write(t, m.folder+"/secrets/ref:CachePassword", standIn.Password()+"\n")
	// Every machine trusts the certificates of ElastiCache.
	sh(t, nil, "cat "+standIn.CAFile+" >>/etc/ssl/certs/ca-certificates.crt")
	t.Cleanup(func() {
		if m.started() {
			// An app that failed to start has already ended.
			sh(t, nil, "kill $(cat "+m.folder+"/log/pid) || true")
			wait.ForSuccess(t, func() error {
				if answers() == nil {
					return errors.New("the app has not stopped")
				}
				return nil
			})
		}
	})
	return m
}

// giveTokens replaces redis-iam-token, which would ask AWS, by a program that
// prints the password of the stand-in, if it is called as the real one.
func (m *machine) giveTokens(t *testing.T) {
	t.Helper()
	program := "#!/bin/sh\n[ \"$1 $REDIS_IAM_CACHE $AWS_REGION $REDIS_IAM_SERVERLESS\" = 'workshop workshop region false' ] && echo " + m.standIn.Password() + "\n"
	write(t, m.bucket+"/redis-iam-token", program)
	sh(t, nil, "cd "+m.bucket+" && sha256sum step* redis-iam-token >SHA256SUMS && rm "+m.folder+"/secrets/ref:CachePassword")
}

func (m *machine) env() []string {
	return []string{
		"PATH=" + m.folder + ":" + os.Getenv("PATH"),
		"BUCKET=" + m.bucket, "SECRETS=" + m.folder + "/secrets", "LOG=" + m.folder + "/log",
	}
}

// boot runs the user data of the template, after a command that breaks
// something, and returns its output.
func (m *machine) boot(t *testing.T, choice map[string]string, spoil string) string {
	t.Helper()
	sums := strings.Fields(sh(t, nil, "sha256sum "+m.bucket+"/SHA256SUMS"))[0]
	all := map[string]string{"Name": elasticache.User, "ProgramSums": sums}
	maps.Copy(all, choice)
	host, port, _ := strings.Cut(m.standIn.Addr(), ":")
	userData := regexp.MustCompile(`att:\w+\.\w+\.Address:att:\w+\.\w+\.Port`).ReplaceAllString(script(t, all), host+":"+port)
	if spoil != "" {
		sh(t, m.env(), spoil)
	}
	file := filepath.Join(m.folder, "user-data")
	write(t, file, userData)
	shell := exec.Command("bash", file)
	// The two minutes of a real server are too long for one that must fail.
	retries := "RETRIES=60"
	if spoil != "" {
		retries = "RETRIES=3"
	}
	shell.Env = append(os.Environ(), append(m.env(), retries)...)
	output, err := shell.CombinedOutput()
	if (err == nil) != (spoil == "") {
		app, _ := os.ReadFile(m.folder + "/log/app")
		t.Fatalf("%v\n%s\n%s", err, output, app)
	}
	return string(output)
}

func (m *machine) started() bool {
	_, err := os.Stat(m.folder + "/log/pid")
	return err == nil
}

// wantSignal fails the test unless the stack got exactly one signal, this one.
func (m *machine) wantSignal(t *testing.T, want string) {
	t.Helper()
	if got, _ := os.ReadFile(m.folder + "/log/signals"); strings.TrimSpace(string(got)) != want {
		t.Errorf("the stack was told %q, want %q", got, want)
	}
}

// check runs the lesson of a step against the server, without the wait for a
// TTL.
func (m *machine) check(t *testing.T, step int) {
	t.Helper()
	wait.ForSuccess(t, answers)
	admin := m.standIn.Admin()
	defer admin.Close()
	target := contract.Target{URL: "http://127.0.0.1:5000", Redis: admin}
	for _, check := range contract.StepGroup(step, contract.Lesson) {
		if check.Waits || check.Wire {
			continue
		}
		if err := check.Run(t.Context(), target); err != nil {
			t.Errorf("step %d: %s: %v\n%s", step, check.ID, err, readText(t, m.folder+"/log/app"))
		}
	}
}

func answers() error {
	page, err := http.Get("http://127.0.0.1:5000/healthz")
	if err != nil {
		return err
	}
	return page.Body.Close()
}

// wantNoReadableSecret checks what others on the server can read: the unit, and
// the output of the app and of the boot.
func (m *machine) wantNoReadableSecret(t *testing.T) {
	t.Helper()
	info, err := os.Stat("/etc/session-store.env")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the environment file: %v %v, want mode 600", info.Mode(), err)
	}
	for _, file := range []string{m.folder + "/log/app", "/etc/systemd/system/session-store.service", m.folder + "/user-data"} {
		if strings.Contains(readText(t, file), m.standIn.Password()) {
			t.Errorf("%s contains the password", file)
		}
	}
}
