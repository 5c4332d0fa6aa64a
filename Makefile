# Each target is one line. Its program also runs without make, for example by
# go run ./step3-ttl. Settings go in ARGS: make step3 ARGS="-ttl 2m"

# Without -buildvcs=false, nothing builds in a clone that belongs to another
# user, as in a container. Settings that a shell or go env -w has for other
# projects could break every build here.
export GOFLAGS := $(filter -modcacherw -p=%,$(GOFLAGS)) -buildvcs=false
export GOWORK := auto
export GO111MODULE := on
unexport GOOS GOARCH GOAMD64 GOARM64 CC GOTOOLCHAIN GOEXPERIMENT GOROOT

# These values come only from the command line of make, never from the
# environment.
ARGS =
TO =
STEP =
N =

# run builds the program of a folder and starts it. go run would print its own
# error after Ctrl+C, and so would this shell without its trap. make prints a
# line about any status other than 0, so on a terminal the status is always 0,
# and the last line is that of the program.
run = @trap : INT; [ -e bin/$(notdir $1) ] || echo "Building, once: this takes up to a minute ..." >&2; go build -o bin/ $1 && bin/$(notdir $1) $2 || test -t 1

.DEFAULT_GOAL := help
.PHONY: help doctor hello learn step1 step2 step3 step4 watch1 watch2 watch3 watch4 status scale redis cli monitor cookie elasticache-local example take board slides offline test test-all test-versions flakes bench chaos lint smoke screenshots redis-image deploy-build always

help: ## list these targets
	@awk -F ':.*## ' '/^##@/ { print "\n" substr($$0, 5) } /^[a-z0-9%-]+:.*## / { sub("%", "N", $$1); printf "make %-18s %s\n", $$1, $$2 }' Makefile

##@ Learn

doctor: ## check whether this machine is ready
	$(call run,./tools/doctor,$(ARGS))

hello: ## put your name on the class board, before step 1
	$(call run,./tools/workshop,hello $(ARGS))

learn: ## learn in one window: run, check and hint on each save
	$(call run,./tools/workshop,learn $(ARGS))

step1: ## run step 1: a signed cookie, no Redis
	$(call run,./step1-no-redis,$(ARGS))

step2: ## run step 2: visits counted in Redis
	$(call run,./step2-visits,$(ARGS))

step3: ## run step 3: a session that expires
	$(call run,./step3-ttl,$(ARGS))

step4: ## run step 4: a session store of our own
	$(call run,./step4-store,$(ARGS))

watch1: ## run step 1, and start it again on each save
	$(call run,./tools/workshop,watch 1 -- $(ARGS))

watch2: ## run step 2, and start it again on each save
	$(call run,./tools/workshop,watch 2 -- $(ARGS))

watch3: ## run step 3, and start it again on each save
	$(call run,./tools/workshop,watch 3 -- $(ARGS))

watch4: ## run step 4, and start it again on each save
	$(call run,./tools/workshop,watch 4 -- $(ARGS))

start%: always ## build step N yourself, in my-stepN: make start3
	$(call run,./tools/workshop,start $*)

my-step%: always ## run my-stepN, and start it again on each save
	$(call run,./tools/workshop,watch $@ -- $(ARGS))

check%: always ## check my-stepN: make check3 HINT=2 ONLY=ttl-set
	$(call run,./tools/workshop,check $(ARGS) $*)

solve%: always ## compare my-stepN with ours; ARGS=-take copies ours
	$(call run,./tools/workshop,solve $(ARGS) $*)

undo%: always ## bring back your last version that passed, keep a backup
	$(call run,./tools/workshop,undo $*)

reset%: always ## begin my-stepN again, keep a backup
	$(call run,./tools/workshop,reset $*)

status: ## show your progress in each step
	$(call run,./tools/workshop,status)

scale: ## run two servers of step 4: make scale STEP=1 N=3
	$(call run,./tools/workshop,scale $(addprefix -n ,$(N)) $(STEP))

redis: ## run a Redis that stays when you stop a step
	$(call run,./tools/workshop,redis $(ARGS))

cli: ## look inside Redis: redis-cli, or a small prompt
	$(call run,./tools/workshop,cli $(ARGS))

monitor: ## show the commands that reach a real Redis
	$(call run,./tools/workshop,monitor $(ARGS))

cookie: ## show what anyone can read in a signed cookie
	$(call run,./tools/workshop,cookie $(ARGS))

elasticache-local: ## run a Redis like the one in AWS, on this machine
	$(call run,./tools/workshop,elasticache-local $(ARGS))

example: ## run an app on our session store, with a list of devices
	$(call run,./sessionstore/example,$(ARGS))

take: ## copy the session store: make take TO=../svc/internal
	$(call run,./tools/workshop,take "$(TO)")

##@ Teach

board: ## serve the class board: live, who is at which step
	$(call run,./tools/workshop,board $(ARGS))

slides: ## write the slides of the class, in both languages
	$(call run,./tools/workshop,slides $(ARGS))

offline: ## pack everything that a class without a network needs
	$(call run,./tools/workshop,offline $(ARGS))

##@ Maintain

test: ## run the tests that fit in two minutes
	@go run ./tools/tests $(ARGS)

test-all: ## run every test, on every kind of Redis
	@go run ./tools/tests -all $(ARGS)

test-versions: ## test on later versions of Redis, Valkey and Go
	@.ci/versions

flakes: ## repeat the tests on a busy machine, to find flaky ones
	@go run ./tools/tests -rounds 10 $(ARGS)

bench: ## measure our session store and others, about 12 minutes
	@cd sessionstore/bench && GOWORK=off go run . $(ARGS)

chaos: ## test our session store under faults
	@cd sessionstore/faults && GOWORK=off go run ./chaos $(ARGS)

lint: ## check format, mistakes and known security holes
	@go run ./tools/workshop lint $(ARGS)

smoke: ## try each step in a clone of the last commit
	@.ci/smoke

screenshots: ## take the pictures in the guides again
	@cd tools/browser && GOWORK=off go test -count=1 -v -run TestPictures . -update

redis-image: ## make a Docker image of Redis without a network
	@go run ./tools/workshop redis-image

deploy-build: ## build the steps for a server in AWS
	@go run ./tools/workshop deploy-build $(ARGS)

# An address may contain a password, and with a space in it becomes several
# targets.
secret = $(findstring @,$(MAKECMDGOALS))$(findstring :,$(MAKECMDGOALS))

# The first of these lack the number of a step, and the last are folders.
typos = step watch start my-step solve undo reset check deploy docs
.PHONY: $(typos)

$(typos) .DEFAULT:
	@echo 'There is no "make $(if $(secret),…,$@)". The steps are 1 to 4, as in make step3 and make check3; make help lists all targets.' >&2; test $(if $(secret),0,-t 1)
