/*
 * apps/demo/services_cast.c - processes next to the daemons: keys, configurations, start, output,
 * end.
 */
#include "apps/demo/platforms.h"
#include "apps/demo/services.h"
#include "apps/demo/spawn.h"
#include "base/file/file.h"
#include "base/system_clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    GROUPS = 2,
    CLUSTERS = 2,
    PROGRAMS = GROUPS * SERVICES_GROUP + SERVICES_PEERS + SERVICES_EXECUTORS,
    HANDS = 32,
    STOP_MS = 30000,
    LOG_MAX = 4 << 20,
};

/* The cheapest is the one that will be suspended; of the others the one in the middle is. */
const unsigned services_price[SERVICES_EXECUTORS] = { 3, 9, 5 };
const uint32_t services_executor[SERVICES_EXECUTORS] = { SERVICES_TAMPERED, 2, 6 };

static struct {
    struct services_process replica[GROUPS * SERVICES_GROUP]; /* of peer i */
    struct services_process holder[SERVICES_PEERS];
    struct services_process executor[SERVICES_EXECUTORS];
    struct services_process hand[HANDS];
    size_t hand_count;
    struct services_process *observer;
    unsigned lost;
    char requestor[65], payee[SERVICES_EXECUTORS][65];
} cast;

/* ------------------------------------------------------------ keys and the plan */

static bool report_status(const char *what, enum assay_status status)
{
    if (status != ASSAY_OK)
        (void)fprintf(stderr, "assay-demo: %s: %s\n", what, assay_status_text(status));
    return status == ASSAY_OK;
}

static bool make_dir(struct demo *demo, const char *name)
{
    const char *path = demo_below(demo, "%s", name);
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return true;
    (void)fprintf(stderr, "assay-demo: %s cannot be made: %s\n", path, strerror(errno));
    return false;
}

static bool make_file(struct demo *demo, const char *name, const void *bytes, size_t len)
{
    const char *path = demo_below(demo, "%s", name);
    return report_status(path,
                         assay_file_replace(path, ASSAY_FILE_SECRET, assay_slice_over(bytes, len)));
}

/* A P-256 key in a file; account: SHA-256 of the public one, in digits. */
static bool make_key(struct demo *demo, const char *name, char account[static 65])
{
    struct assay_secret32 key;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], digest[32];
    if (!report_status(name, assay_p256_generate(&key, public_key))) return false;
    assay_sha256(public_key, sizeof public_key, digest);
    assay_hex_encode(digest, 32, account, 65);
    const bool made = make_file(demo, name, key.bytes, 32);
    assay_secret_wipe(&key, sizeof key);
    return made;
}

static bool make_random(struct demo *demo, const char *name)
{
    uint8_t bytes[32];
    return report_status(name, assay_random(bytes, sizeof bytes)) &&
           make_file(demo, name, bytes, 32);
}

static bool make_keys(struct demo *demo)
{
    static const char *const folders[] = { "observer", "state",  "halted",
                                           "database", "secret", "task" };
    char unused[65], name[32];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (!make_dir(demo, folders[i])) return false;
    for (uint32_t i = 0; i < SERVICES_EXECUTORS; i++) {
        (void)snprintf(name, sizeof name, "payee-%u.key", (unsigned)i + 1);
        if (!make_key(demo, name, cast.payee[i])) return false;
    }
    return make_key(demo, "secret/owner", unused) && make_key(demo, "secret/reader", unused) &&
           make_random(demo, "secret/secret") && make_key(demo, "task/key", cast.requestor) &&
           make_random(demo, "task/vault.key") && make_random(demo, "store.key");
}

bool services_plan(struct demo *demo, FILE *plan)
{
    if (!make_keys(demo)) return false;
    (void)fprintf(plan,
                  "services:\n  groups:\n    - { name: first, size: %d }\n"
                  "    - { name: second, size: %d }\n"
                  "  shares: { clusters: %d, slots: %d, threshold: %d }\n"
                  "  tasks:\n    balances:\n      - { account: \"%s\", amount: %d }\n",
                  SERVICES_GROUP, SERVICES_GROUP, CLUSTERS, SERVICES_GROUP, SERVICES_THRESHOLD,
                  cast.requestor, SERVICES_BALANCE);
    return true;
}

const char *services_payee(uint32_t executor)
{
    return cast.payee[executor];
}

const char *services_requestor(void)
{
    return cast.requestor;
}

const char *services_socket_of(struct demo *demo, uint32_t peer)
{
    return demo_below(demo, "%s/admin.svcs", demo->peers[peer].name);
}

const char *services_socket(struct demo *demo)
{
    return services_socket_of(demo, demo->witness);
}

/* ------------------------------------------------------------ programs */

/* Begins a configuration with what all have. Out: p's name and log. Returns: NULL: no file */
static FILE *open_config(struct demo *demo, struct services_process *p, const char *what,
                         uint32_t peer)
{
    const char *name = demo->peers[peer].name;
    (void)snprintf(p->name, sizeof p->name, "%s %u", what, (unsigned)peer + 1);
    (void)snprintf(p->log, sizeof p->log, "%s", demo_below(demo, "%s/%s.log", name, what));
    FILE *out = fopen(demo_below(demo, "%s/%s.yaml", name, what), "we");
    if (out != NULL)
        (void)fprintf(out, "service_version: 1\ndaemon: admin.svcs\nlisten: 127.0.0.1:%u\n",
                      demo_free_port());
    return out;
}

static bool start_process(struct demo *demo, struct services_process *p, const char *what,
                          uint32_t peer)
{
    char program[PATH_MAX + 32], config[PATH_MAX + 64], option[] = "--config";
    (void)snprintf(program, sizeof program, "%s/assay-%s", demo->bin, what);
    (void)snprintf(config, sizeof config, "%s",
                   demo_below(demo, "%s/%s.yaml", demo->peers[peer].name, what));
    char *argv[] = { program, option, config, NULL };
    p->ended = false;
    p->pid = demo_spawn(p->log, argv);
    if (p->pid == 0) (void)fprintf(stderr, "assay-demo: %s could not be started\n", program);
    return p->pid != 0;
}

bool services_start_replica(struct demo *demo, uint32_t peer)
{
    struct services_process *p = &cast.replica[peer];
    FILE *out = open_config(demo, p, "replica", peer);
    if (out == NULL) return false;
    (void)fprintf(out, "group: %u\n", (unsigned)peer / SERVICES_GROUP);
    return fclose(out) == 0 && start_process(demo, p, "replica", peer);
}

static bool start_holder(struct demo *demo, uint32_t peer)
{
    struct services_process *p = &cast.holder[peer];
    FILE *out = open_config(demo, p, "holder", peer);
    if (out == NULL) return false;
    (void)fprintf(
        out, "client_listen: 127.0.0.1:%u\ncluster: %u\nstore: holder.vault\nkey: ../store.key\n",
        demo_free_port(), peer <= SERVICES_SPARE ? 0u : 1u);
    return fclose(out) == 0 && start_process(demo, p, "holder", peer);
}

static bool start_executor(struct demo *demo, uint32_t number)
{
    struct services_process *p = &cast.executor[number];
    uint8_t code[32];
    char text[65];
    FILE *out = open_config(demo, p, "executor", services_executor[number]);
    if (out == NULL) return false;
    assay_sha256(demo->good_measurement, 32, code);
    assay_hex_encode(code, 32, text, sizeof text);
    (void)fprintf(out,
                  "store: executor.vault\nkey: ../store.key\ncode: \"%s\"\nprice: %u\n"
                  "account: \"%s\"\n",
                  text, services_price[number], cast.payee[number]);
    return fclose(out) == 0 && start_process(demo, p, "executor", services_executor[number]);
}

bool services_start(struct demo *demo)
{
    const char *const words[] = { "observer",
                                  services_socket(demo),
                                  demo_below(demo, "observer"),
                                  cast.requestor,
                                  cast.payee[0],
                                  cast.payee[1],
                                  cast.payee[2],
                                  NULL };
    cast.observer = services_hand(demo, "observer", words);
    cast.observer->is_hand = false; /* it stays */
    bool good = cast.observer->pid != 0;
    for (uint32_t i = 0; good && i < GROUPS * SERVICES_GROUP; i++)
        good = services_start_replica(demo, i);
    for (uint32_t i = 0; good && i < SERVICES_PEERS; i++)
        good = i == SERVICES_SPARE || start_holder(demo, i);
    for (uint32_t i = 0; good && i < SERVICES_EXECUTORS; i++)
        good = start_executor(demo, i);
    return good;
}

bool services_start_spare(struct demo *demo)
{
    return start_holder(demo, SERVICES_SPARE);
}

void services_kill(struct demo *demo, struct services_process *process, const char *detail)
{
    int status = 0;
    if (process->pid == 0) return;
    (void)kill(process->pid, SIGKILL);
    while (!demo_reaped(process->pid, &status))
        demo_sleep_ms(1);
    process->pid = 0;
    process->ended = true;
    process->status = -1;
    demo_report(demo, life_epoch(demo), process->name, "killed", "SIGKILL: %s", detail);
}

void services_kill_replica(struct demo *demo, uint32_t peer)
{
    services_kill(demo, &cast.replica[peer], "what it remembered is gone");
}

/* ------------------------------------------------------------ hands */

/* The next free place, with the log NUMBER-WHAT. */
static struct services_process *take_place(struct demo *demo, const char *name, const char *what,
                                           bool ends)
{
    if (cast.hand_count == HANDS) abort(); /* a bug: the story knows its deeds */
    struct services_process *p = &cast.hand[cast.hand_count++];
    *p = (struct services_process){ .is_hand = ends, .status = -1 };
    (void)snprintf(p->name, sizeof p->name, "%s", name);
    (void)snprintf(p->log, sizeof p->log, "%s",
                   demo_below(demo, "hand-%zu-%s.log", cast.hand_count, what));
    return p;
}

struct services_process *services_program(struct demo *demo, const char *name, char *const argv[],
                                          bool ends)
{
    struct services_process *const p = take_place(demo, name, name, ends);
    p->pid = demo_spawn(p->log, argv);
    p->ended = p->pid == 0;
    return p;
}

bool services_stop(struct services_process *process)
{
    int status = 0;
    if (process->pid == 0) return process->status == 0;
    (void)kill(process->pid, SIGTERM);
    for (const uint64_t until = assay_monotonic_ms() + STOP_MS; !demo_reaped(process->pid, &status);
         demo_sleep_ms(5))
        if (assay_monotonic_ms() > until) (void)kill(process->pid, SIGKILL);
    process->pid = 0;
    process->ended = true;
    process->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return process->status == 0;
}

static struct services_process *start_action(struct demo *demo, const char *what, const char *name,
                                             const char *const words[])
{
    enum { WORDS = 16 };
    char program[sizeof demo->cast + 32], copies[WORDS][PATH_MAX];
    char *argv[WORDS + 2] = { program };
    struct services_process *const p = take_place(demo, name, words[0], true);
    (void)snprintf(program, sizeof program, "%s/assay-demo-%s", demo->cast, what);
    for (int i = 0; i < WORDS && words[i] != NULL; i++) {
        (void)snprintf(copies[i], sizeof copies[i], "%s", words[i]);
        argv[i + 1] = copies[i];
    }
    p->pid = demo_spawn(p->log, argv);
    p->ended = p->pid == 0;
    return p;
}

struct services_process *services_hand(struct demo *demo, const char *name,
                                       const char *const words[])
{
    return start_action(demo, "hand", name, words);
}

struct services_process *services_enclave(struct demo *demo, const char *name,
                                          const char *const words[])
{
    return start_action(demo, "enclave", name, words);
}

void services_ask_to_end(struct services_process *process)
{
    if (process->pid != 0) (void)kill(process->pid, SIGTERM);
}

bool services_went_wrong(const struct services_process *process, int status, struct life_turn *turn)
{
    char words[DEMO_LAST_WORDS];
    if (!process->ended || process->status == status) return false;
    demo_last_words(process->log, words);
    return life_known(turn, false, "%s: status %d: %s", process->name, process->status, words);
}

/* ------------------------------------------------------------ all of them */

static bool get_process(size_t i, struct services_process **p)
{
    const size_t replicas = GROUPS * SERVICES_GROUP;
    if (i < replicas) *p = &cast.replica[i];
    else if (i < replicas + SERVICES_PEERS) *p = &cast.holder[i - replicas];
    else if (i < PROGRAMS) *p = &cast.executor[i - replicas - SERVICES_PEERS];
    else if (i < PROGRAMS + cast.hand_count) *p = &cast.hand[i - PROGRAMS];
    else return false;
    return true;
}

void services_look(struct demo *demo)
{
    struct services_process *p = NULL;
    for (size_t i = 0; get_process(i, &p); i++) {
        char words[DEMO_LAST_WORDS];
        int status = 0;
        if (p->pid == 0 || !demo_reaped(p->pid, &status)) continue;
        p->pid = 0;
        p->ended = true;
        p->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (p->is_hand) continue;
        cast.lost++;
        demo_last_words(p->log, words);
        demo_report(demo, life_epoch(demo), p->name, "exited", "by itself, %s %d; its log ends: %s",
                    WIFSIGNALED(status) ? "signal" : "status",
                    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), words);
    }
}

unsigned services_lost(void)
{
    return cast.lost;
}

void services_end(struct demo *demo)
{
    struct services_process *p = NULL;
    unsigned forced = 0, count = 0;
    int status = 0;
    services_look(demo);
    for (size_t i = 0; get_process(i, &p); i++)
        if (p->pid != 0) (void)kill(p->pid, SIGTERM);
    for (const uint64_t until = assay_monotonic_ms() + STOP_MS; assay_monotonic_ms() < until;
         demo_sleep_ms(10)) {
        bool more = false;
        for (size_t i = 0; get_process(i, &p); i++) {
            if (p->pid == 0) continue;
            more = true;
            if (!demo_reaped(p->pid, &status)) continue;
            count++;
            forced += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
            p->pid = 0;
        }
        if (!more) break;
    }
    for (size_t i = 0; get_process(i, &p); i++) {
        if (p->pid == 0) continue;
        (void)kill(p->pid, SIGKILL);
        while (!demo_reaped(p->pid, &status))
            demo_sleep_ms(1);
        p->pid = 0;
        forced++;
        count++;
    }
    demo_settle(
        demo_check(demo, "every program stayed, and stopped on request"),
        cast.lost == 0 && forced == 0,
        "%u stopped on request, %u of them had to be killed or failed; %u ended by themselves",
        count, forced, cast.lost);
}

/* ------------------------------------------------------------ output */

/* The text of a log, the caller's to free; NULL: none. */
static char *text_of(const struct services_process *p)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (assay_file_read(p->log, LOG_MAX, &bytes, &len) != ASSAY_OK) return NULL;
    char *text = realloc(bytes, len + 1);
    if (text == NULL) free(bytes);
    else text[len] = '\0';
    return text;
}

/* The line of that number, from 1 on, that begins with these words; 0: the last. Whole lines alone:
 * the last one may be on its way. Returns: how many there are up to it */
static unsigned find_line(const struct services_process *p, const char *words, unsigned number,
                          char *rest)
{
    unsigned count = 0;
    const size_t len = strlen(words);
    char *text = text_of(p), *line = text;
    for (char *end; line != NULL && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (strncmp(line, words, len) != 0 || (line[len] != ' ' && line[len] != '\0')) continue;
        if (rest != NULL) (void)snprintf(rest, SERVICES_LINE, "%s", line + len);
        if (++count == number) break;
    }
    free(text);
    return count;
}

bool services_said(const struct services_process *process, const char *words,
                   char rest[static SERVICES_LINE])
{
    return find_line(process, words, 0, rest) > 0;
}

bool services_seen(const char *words, char rest[static SERVICES_LINE])
{
    return cast.observer != NULL && services_said(cast.observer, words, rest);
}

bool services_nth(const char *words, unsigned number, char rest[static SERVICES_LINE])
{
    return cast.observer != NULL && find_line(cast.observer, words, number, rest) == number;
}

unsigned services_count_seen(const char *words)
{
    return cast.observer != NULL ? find_line(cast.observer, words, 0, NULL) : 0;
}

const char *services_behind(const char *text, const char *word)
{
    char mark[32];
    (void)snprintf(mark, sizeof mark, " %s ", word);
    const char *const at = strstr(text, mark);
    return at == NULL ? "" : at + strlen(mark);
}

unsigned services_numbers(const char *text, const char *word, unsigned *numbers, unsigned max)
{
    unsigned count = 0;
    for (const char *at = services_behind(text, word); count < max; count++) {
        char *end = NULL;
        const unsigned long number = strtoul(at, &end, 10);
        if (end == at) break;
        numbers[count] = (unsigned)number;
        at = end;
    }
    return count;
}

/* ------------------------------------------------------------ folders, members */

bool services_copy(struct demo *demo, const char *from, const char *to)
{
    char source[PATH_MAX + 128], target[PATH_MAX + 128], log[PATH_MAX + 128];
    char rm[] = "/bin/rm", force[] = "-rf", cp[] = "/bin/cp", all[] = "-a", ends[] = "--";
    (void)snprintf(source, sizeof source, "%s", demo_below(demo, "%s", from));
    (void)snprintf(target, sizeof target, "%s", demo_below(demo, "%s", to));
    (void)snprintf(log, sizeof log, "%s", demo_below(demo, "setup.log"));
    char *const away[] = { rm, force, ends, target, NULL };
    char *const copy[] = { cp, all, ends, source, target, NULL };
    return demo_run(demo, log, away) == 0 && demo_run(demo, log, copy) == 0;
}

uint32_t services_peer_in(struct demo *demo, unsigned slot)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        const struct demo_member *member = life_seen(demo, i);
        if (member != NULL && member->slot == slot) return i;
    }
    return DEMO_PEERS_MAX;
}

unsigned services_slot_of(struct demo *demo, uint32_t peer)
{
    const struct demo_member *member = life_seen(demo, peer);
    return member != NULL ? member->slot : DEMO_PEERS_MAX;
}
