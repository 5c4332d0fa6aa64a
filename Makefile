# Each target is one line. Its program also runs without make, for example by
# go run ./step3-ttl. Settings go in ARGS: make step3 ARGS="-ttl 2m"

# Without -buildvcs=false, nothing builds in a clone that belongs to another
# user, as in a container. Settings that a shell or go env -w has for other
# projects could break every build here.
export GOFLAGS := $(filter -modcacherw -p=%,$(GOFLAGS)) -buildvcs=false
export GOWORK := auto
export GO111MODULE := on
unexport GOOS GOARCH GOAMD64 GOARM64 CC GOTOOLCHAIN GOEXPERIMENT GOROOT

# An input method that was left on types ＨＩＮＴ=２, or ＨＩＮＴ＝２, which make takes
# for a target. The programs read such a setting in MAKEFLAGS or in TYPED_WIDE.
export TYPED_WIDE := $(foreach word,$(MAKECMDGOALS),$(if $(findstring ＝,$(word)),$(word)))

# typed is the value of $1 or of its full-width name $2.
typed = $($2)$(patsubst $1＝%,%,$(filter $1＝%,$(TYPED_WIDE)))$(patsubst $2＝%,%,$(filter $2＝%,$(TYPED_WIDE)))

# These values come only from the command line of make, never from the
# environment.
ARGS := $(call typed,ARGS,ＡＲＧＳ)
TO := $(call typed,TO,ＴＯ)
STEP := $(call typed,STEP,ＳＴＥＰ)
N := $(call typed,N,Ｎ)

# in-japanese succeeds for users whose commands speak Japanese: docs/settings.md,
# WORKSHOP_LANG.
in-japanese = l=$$WORKSHOP_LANG; if [ "$$l" ]; then case $$l in [Jj][Aa]*) true ;; *) false ;; esac; elif [ -t 1 ]; then \
	case $${LC_ALL:-$${LC_MESSAGES:-$$LANG}} in ja*.[Uu][Tt][Ff]8 | ja*.[Uu][Tt][Ff]-8) true ;; ja*.*) false ;; ja*) true ;; *) false ;; esac; else false; fi

# say prints the message $1 to standard error.
say = if $(in-japanese); then echo "$($1-ja)"; else echo "$($1)"; fi >&2
building = Building, once: this takes up to a minute ...
building-ja = 最初の 1 回だけビルドします。1 分ほどかかります…
rebuilding = Building what has changed ...
rebuilding-ja = 変更された部分をビルドしています…
stopped = Stopped.
stopped-ja = 中止しました。
failed = The build failed, for the reason above. If it is not a mistake in the code, check the free space, the network and the owner of this folder.
failed-ja = ビルドできませんでした。原因は上に表示されています。コードの間違いでなければ、空き容量、ネットワーク、ディレクトリの所有者を確認してください。

# build runs the go command $2, which builds the program $1 in bin. If it has been
# built before, most builds are too short for a message. After Ctrl+C the shell goes
# on because of its trap, and deletes what go build leaves behind.
build = trap : INT; w=; if [ -e bin/$1 ]; then { sleep 2 </dev/null >/dev/null 2>&1; $(call say,rebuilding); } & w=$$!; else $(call say,building); fi; \
	t=$$(mktemp -d) && GOTMPDIR=$$t $2; s=$$?; rm -rf "$$t"; [ -z "$$w" ] || kill $$w 2>/dev/null; \
	case $$s in 0) ;; 130) $(call say,stopped) ;; *) $(call say,failed) ;; esac; [ $$s = 0 ]

# start builds the program of a folder and starts it. go run would print its own
# error after the program's.
start = @$(call build,$(notdir $1),go build -o bin/ $1) && bin/$(notdir $1) $2

# run is start for learners. make prints a line about any status other than 0,
# so on a terminal the status is always 0, and the last line is that of the
# program.
run = $(start) || test -t 1

# start-alone is start for a program in the module $1, which is not in the
# workspace. The program runs in that folder.
start-alone = @$(call build,$(notdir $(abspath $1/$2)),GOWORK=off go build -C $1 -o ../../bin/ $2) && cd $1 && ../../bin/$(notdir $(abspath $1/$2)) $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help doctor hello learn step1 step2 step3 step4 watch1 watch2 watch3 watch4 status scale redis cli monitor cookie elasticache-local example take board slides offline test test-all test-versions flakes bench chaos lint smoke screenshots redis-image deploy-build always

help: ## list these targets | このターゲット一覧を表示する
	@$(in-japanese) && n=2 || n=1; awk -v n=$$n -F ':.*## |^##@ ' '{ split($$2, text, " [|] ") } /^##@/ { print "\n" text[n] } /^[a-z0-9%-]+:.*## / { sub("%", "N", $$1); printf "make %-18s %s\n", $$1, text[n] }' Makefile

##@ Learn | 学ぶ

doctor: ## check whether this machine is ready | このマシンの準備ができているかを調べる
	$(call run,./tools/doctor,$(ARGS))

hello: ## put your name on the class board, before step 1 | ステップ 1 の前に、クラスボードに名前を載せる
	$(call run,./tools/workshop,hello $(ARGS))

learn: ## learn in one window: run, check and hint on each save | 1 つの画面で進める。保存するたびに起動、チェック、ヒント
	$(call run,./tools/workshop,learn $(ARGS))

step1: ## run step 1: a signed cookie, no Redis | ステップ 1 を起動する: 署名付き Cookie、Redis なし
	$(call run,./step1-no-redis,$(ARGS))

step2: ## run step 2: visits counted in Redis | ステップ 2 を起動する: Redis で訪問回数を数える
	$(call run,./step2-visits,$(ARGS))

step3: ## run step 3: a session that expires | ステップ 3 を起動する: 期限切れになるセッション
	$(call run,./step3-ttl,$(ARGS))

step4: ## run step 4: a session store of our own | ステップ 4 を起動する: 自作のセッションストア
	$(call run,./step4-store,$(ARGS))

watch1: ## run step 1, and start it again on each save | ステップ 1 を起動し、保存するたびに再起動する
	$(call run,./tools/workshop,watch 1 -- $(ARGS))

watch2: ## run step 2, and start it again on each save | ステップ 2 を起動し、保存するたびに再起動する
	$(call run,./tools/workshop,watch 2 -- $(ARGS))

watch3: ## run step 3, and start it again on each save | ステップ 3 を起動し、保存するたびに再起動する
	$(call run,./tools/workshop,watch 3 -- $(ARGS))

watch4: ## run step 4, and start it again on each save | ステップ 4 を起動し、保存するたびに再起動する
	$(call run,./tools/workshop,watch 4 -- $(ARGS))

start%: always ## build step N yourself, in my-stepN: make start3 | ステップ N を my-stepN に自分で作る: make start3
	$(call run,./tools/workshop,start $*)

my-step%: always ## run my-stepN, and start it again on each save | my-stepN を起動し、保存するたびに再起動する
	$(call run,./tools/workshop,watch $@ -- $(ARGS))

check%: always ## check my-stepN: make check3 HINT=2 ONLY=ttl-set | my-stepN をチェックする: make check3 HINT=2 ONLY=ttl-set
	$(call run,./tools/workshop,check $(ARGS) $*)

solve%: always ## compare my-stepN with ours; ARGS=-take copies ours | my-stepN を完成版と比べる。ARGS=-take で完成版に置き換える
	$(call run,./tools/workshop,solve $(ARGS) $*)

undo%: always ## bring back your last version that passed, keep a backup | バックアップを残して、最後に合格した状態に戻す
	$(call run,./tools/workshop,undo $*)

reset%: always ## begin my-stepN again, keep a backup | バックアップを残して、my-stepN を最初からやり直す
	$(call run,./tools/workshop,reset $*)

status: ## show your progress in each step | ステップごとの進み具合を表示する
	$(call run,./tools/workshop,status)

scale: ## run two servers of step 4: make scale STEP=1 N=3 | ステップ 4 のサーバーを 2 台動かす: make scale STEP=1 N=3
	$(call run,./tools/workshop,scale $(addprefix -n ,$(N)) $(STEP))

redis: ## run a Redis that stays when you stop a step | ステップを止めても残る Redis を起動する
	$(call run,./tools/workshop,redis $(ARGS))

cli: ## look inside Redis: redis-cli, or a small prompt | Redis の中をのぞく: redis-cli、なければ簡易プロンプト
	$(call run,./tools/workshop,cli $(ARGS))

monitor: ## show the commands that reach a real Redis | 本物の Redis に届くコマンドを表示する
	$(call run,./tools/workshop,monitor $(ARGS))

cookie: ## show what anyone can read in a signed cookie | 署名付き Cookie の、誰にでも読める内容を表示する
	$(call run,./tools/workshop,cookie $(ARGS))

elasticache-local: ## run a Redis like the one in AWS, on this machine | AWS と同じように動く Redis をこのマシンで起動する
	$(call run,./tools/workshop,elasticache-local $(ARGS))

example: ## run an app on our session store, with a list of devices | 完成したストアを使うアプリを起動する（端末の一覧付き）
	$(call run,./sessionstore/example,$(ARGS))

take: ## copy the session store: make take TO=../svc/internal | セッションストアをコピーする: make take TO=../svc/internal
	$(call run,./tools/workshop,take "$(TO)")

##@ Teach | 教える

board: ## serve the class board: live, who is at which step | クラスボードを起動する: 誰がどのステップにいるか
	$(call run,./tools/workshop,board $(ARGS))

slides: ## write the slides of the class, in both languages | 授業のスライドを両方の言語で書き出す
	$(call run,./tools/workshop,slides $(ARGS))

offline: ## pack everything that a class without a network needs | ネットワークのない教室に必要なものをまとめる
	$(call run,./tools/workshop,offline $(ARGS))

##@ Maintain | 開発する

test: ## run the tests that fit in two minutes | 2 分で終わるテストを実行する
	$(call start,./tools/tests,$(ARGS))

test-all: ## run every test, on every kind of Redis | すべてのテストを、すべての種類の Redis で実行する
	$(call start,./tools/tests,-all $(ARGS))

test-versions: ## test on later versions of Redis, Valkey and Go | 新しいバージョンの Redis、Valkey、Go でテストする
	@.ci/versions

flakes: ## repeat the tests on a busy machine, to find flaky ones | 負荷をかけてテストを繰り返し、不安定なものを見つける
	$(call start,./tools/tests,-rounds 10 $(ARGS))

bench: ## measure our session store and others, about 12 minutes | セッションストアをほかのストアと比べて測る（約 12 分）
	$(call start-alone,sessionstore/bench,.)

chaos: ## test our session store under faults | 障害を起こしてセッションストアをテストする
	$(call start-alone,sessionstore/faults,./chaos)

lint: ## check format, mistakes and known security holes | 書式、間違い、既知の脆弱性を調べる
	$(call start,./tools/workshop,lint $(ARGS))

smoke: ## try each step in a clone of the last commit | 最後のコミットのクローンで各ステップを試す
	@.ci/smoke

screenshots: ## take the pictures in the guides again | ガイドの画像を撮り直す
	$(call start,./tools/tests,-all -in tools/browser -run TestPictures -update=true)

redis-image: ## make a Docker image of Redis without a network | ネットワークなしで Redis の Docker イメージを作る
	$(call start,./tools/workshop,redis-image $(ARGS))

deploy-build: ## build the steps for a server in AWS | AWS のサーバー用にステップをビルドする
	$(call start,./tools/workshop,deploy-build $(ARGS))

# An address may contain a password, and with a space in it becomes several
# targets.
secret = $(findstring @,$(MAKECMDGOALS))$(findstring :,$(MAKECMDGOALS))

# The first of these lack the number of a step, and the last are folders.
typos = step watch start my-step solve undo reset check deploy docs
.PHONY: $(typos)

step１ watch１: %１: %1
step２ watch２: %２: %2
step３ watch３: %３: %3
step４ watch４: %４: %4

# Make does nothing for a setting that it takes for a target.
$(subst :,\:,$(TYPED_WIDE)): ; @:

$(typos) .DEFAULT:
	@if $(in-japanese); then echo '"make $(if $(secret),…,$@)" はありません。ステップは 1 〜 4 で、make step3 や make check3 のように入力します。make help で一覧できます。' >&2; else echo 'There is no "make $(if $(secret),…,$@)". The steps are 1 to 4, as in make step3 and make check3; make help lists all targets.' >&2; fi; test $(if $(secret),0,-t 1)
