/*
 * apps/demo/services_task.c - rows about attested tasks: choice of the executor, payment,
 * confidentiality of the input, and rejection of a tampered receipt.
 */
#include "apps/demo/platforms.h"
#include "apps/demo/services.h"
#include "base/file/file.h"
#include "base/system_clock.h"

#include <stdlib.h>
#include <string.h>

enum {
    PRICE_MAX_STEP = 20,
    LENGTHS = 16,
    INPUT_LEN = 2900 /* three steps of 1,024 bytes */,
    SECOND_LOOK_MS = 10000,
    RENT_MAX = 64 /* of an epoch each, the lowest of those prices */
};

/* A phrase that stands nowhere else. */
static const char phrase[] = "what the requestor alone may read";

static struct {
    struct services_process *client, *forger;
    uint32_t executor;               /* of services_executor */
    unsigned long long before, paid; /* of the requestor; of the executor, at the end */
    unsigned offers_before;          /* lines before the task was opened */
    unsigned count[LENGTHS];
} task;

/* ------------------------------------------------------------ the input */

static void count_words(const char *text)
{
    unsigned length = 0;
    for (const char *c = text;; c++) {
        if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')) length++;
        else if (length > 0) {
            task.count[(length < LENGTHS ? length : LENGTHS) - 1]++;
            length = 0;
        }
        if (*c == '\0') return;
    }
}

static bool make_input(struct demo *demo)
{
    static char text[INPUT_LEN + 1];
    size_t len = 0;
    for (unsigned i = 0; len + sizeof phrase + 16 < INPUT_LEN; i++) {
        const char *end = i % 3 == 0 ? ", once" : i % 3 == 1 ? "; again" : ". Extraordinarily";
        const int more = snprintf(text + len, sizeof text - len, "%s%s ", phrase, end);
        len += (size_t)more < sizeof text - len ? (size_t)more : 0;
    }
    count_words(text);
    return assay_file_replace(demo_below(demo, "task/input"), ASSAY_FILE_SECRET,
                              assay_slice_over(text, len)) == ASSAY_OK;
}

/* The last output: "LENGTH COUNT" a line, of the whole text. */
static bool is_right(struct demo *demo)
{
    FILE *in = fopen(demo_below(demo, "task/output"), "re");
    char line[64], *end = line;
    unsigned lines = 0;
    bool right = in != NULL;
    while (right && fgets(line, sizeof line, in) != NULL) {
        const unsigned long length = strtoul(line, &end, 10), count = strtoul(end, NULL, 10);
        lines++;
        right = length == lines && lines <= LENGTHS && task.count[lines - 1] == count;
    }
    if (in != NULL) (void)fclose(in);
    return right && lines == LENGTHS;
}

/* ------------------------------------------------------------ choice */

struct offer {
    unsigned slot, price, score, standing;
};

/* "SLOT:PRICE:SCORE:STANDING". Returns: whether all stand there */
static bool read_offer(const char *at, struct offer *o)
{
    unsigned *const fields[] = { &o->slot, &o->price, &o->score, &o->standing };
    const size_t last = sizeof fields / sizeof fields[0] - 1;
    for (size_t i = 0; i <= last; i++) {
        char *end = NULL;
        *fields[i] = (unsigned)strtoul(at, &end, 10);
        if (end == at || (i < last && *end != ':')) return false;
        at = i < last ? end + 1 : end;
    }
    return true;
}

/* "EPOCH SLOT:PRICE:SCORE:STANDING ..". Returns: how many */
static unsigned read_offers(const char *line, struct offer offers[static SERVICES_EXECUTORS])
{
    unsigned count = 0;
    const char *at = strchr(line + 1, ' '); /* behind the epoch */
    for (; at != NULL && count < SERVICES_EXECUTORS; at = strchr(at + 1, ' ')) {
        if (!read_offer(at, &offers[count])) break;
        count++;
    }
    return count;
}

/* The rule: the highest score, then the lowest price, then the lowest slot. */
static const struct offer *find_best(const struct offer *offers, unsigned count)
{
    enum { RESTRICTED = 2 };
    const struct offer *first = NULL;
    for (unsigned i = 0; i < count; i++) {
        const struct offer *o = &offers[i];
        if (o->standing < RESTRICTED) continue;
        if (first == NULL || o->score > first->score ||
            (o->score == first->score && o->price < first->price))
            first = o;
    }
    return first;
}

static bool start_task(struct demo *demo)
{
    uint8_t code[32];
    char digits[65], price[16], steps[16];
    assay_sha256(demo->good_measurement, 32, code);
    assay_hex_encode(code, 32, digits, sizeof digits);
    (void)snprintf(price, sizeof price, "%d", PRICE_MAX_STEP);
    (void)snprintf(steps, sizeof steps, "%d", SERVICES_STEPS);
    const char *const words[] = {
        "task", services_socket(demo), demo_below(demo, "task"), digits, price, steps, NULL
    };
    if (!make_input(demo)) return false;
    task.client = services_hand(demo, "requestor", words);
    return true;
}

static unsigned long long balance_of(const char *account)
{
    char words[80], rest[SERVICES_LINE];
    (void)snprintf(words, sizeof words, "account %s", account);
    return services_seen(words, rest) ? strtoull(rest, NULL, 10) : 0;
}

/* Whether the rule, the choice and these offers agree. Out: figure: the offers. */
static bool check_choice(struct demo *demo, const char *line, unsigned chosen,
                         char figure[static DEMO_TEXT])
{
    struct offer offers[SERVICES_EXECUTORS];
    const struct offer *passed = NULL, *taken = NULL;
    const unsigned count = read_offers(line, offers);
    const struct offer *first = find_best(offers, count);
    size_t len = 0;
    for (unsigned i = 0; i < count; i++) {
        const uint32_t peer = services_peer_in(demo, offers[i].slot);
        if (peer == SERVICES_TAMPERED) passed = &offers[i];
        if (offers[i].slot == chosen) taken = &offers[i];
        if (len < DEMO_TEXT)
            len += (size_t)snprintf(figure + len, DEMO_TEXT - len, "peer-%u at %u, score %u bp; ",
                                    (unsigned)peer + 1, offers[i].price, offers[i].score);
    }
    return first != NULL && first == taken && passed != NULL && passed->price < taken->price &&
           passed->score < taken->score;
}

/* The choice follows from the ledger's state before it, or soon after: scores change with epochs,
 * and two processes do not receive an epoch at the same time. */
static bool settle_choice(struct demo *demo, struct life_turn *turn, unsigned chosen)
{
    char line[SERVICES_LINE], figure[DEMO_TEXT] = "";
    bool good = false;
    for (unsigned n = task.offers_before; !good && services_nth("offers", n, line); n++)
        good = check_choice(demo, line, chosen, figure);
    if (!good && assay_monotonic_ms() < turn->at_ms + SECOND_LOOK_MS) return false;
    const uint32_t peer = services_peer_in(demo, chosen);
    for (uint32_t i = 0; i < SERVICES_EXECUTORS; i++)
        if (services_executor[i] == peer) task.executor = i;
    return life_known(turn, good, "%schosen: peer-%u", figure, (unsigned)peer + 1);
}

bool services_look_chosen(struct demo *demo, struct life_turn *turn)
{
    char rest[SERVICES_LINE];
    if (turn->phase == 0) {
        task.before = balance_of(services_requestor());
        task.offers_before = services_count_seen("offers");
        if (task.before == 0 || task.offers_before == 0) return false;
        if (!start_task(demo)) return life_known(turn, false, "no input");
        return life_next(demo, turn);
    }
    if (services_went_wrong(task.client, 0, turn)) return true;
    if (!services_said(task.client, "chosen", rest)) return false;
    return settle_choice(demo, turn, (unsigned)strtoul(rest, NULL, 10));
}

/* ------------------------------------------------------------ payment */

bool services_look_paid(struct demo *demo, struct life_turn *turn)
{
    const unsigned due = SERVICES_STEPS * services_price[task.executor];
    if (services_went_wrong(task.client, 0, turn)) return true;
    if (!task.client->ended) return false;
    const unsigned long long payer = balance_of(services_requestor());
    const unsigned long long payee = balance_of(services_payee(task.executor));
    /* Receipts count when their epoch has closed, and what is left comes back then. */
    if (payee < due || payer + payee < task.before) return false;
    task.paid = payee;
    return life_known(turn,
                      payee - due <= RENT_MAX && payer == task.before - payee && is_right(demo),
                      "%d steps at %u and rent of %llu: requestor %llu -> %llu, executor 0 -> "
                      "%llu; the words are %s counted",
                      SERVICES_STEPS, services_price[task.executor], payee - due, task.before,
                      payer, payee, is_right(demo) ? "well" : "NOT well");
}

/* Returns: whether grep found the phrase in a folder, without that of the requestor. */
static bool occurs_in(struct demo *demo, const char *folder, const char *without)
{
    char grep[] = "/bin/grep", how[] = "-rqaF", devices[] = "--devices=skip", ends[] = "-e";
    char what[sizeof phrase], where[PATH_MAX + 128], out[64], log[PATH_MAX + 128];
    (void)snprintf(what, sizeof what, "%s", phrase);
    (void)snprintf(where, sizeof where, "%s", demo_below(demo, "%s", folder));
    (void)snprintf(out, sizeof out, "--exclude-dir=%s", without);
    (void)snprintf(log, sizeof log, "%s", demo_below(demo, "setup.log"));
    char *argv[] = { grep, how, devices, out, ends, what, where, NULL };
    return demo_run(demo, log, argv) == 0;
}

bool services_look_private(struct demo *demo, struct life_turn *turn)
{
    const bool control = occurs_in(demo, "task", "nothing"), leaked = occurs_in(demo, "", "task");
    return life_known(turn, control && !leaked,
                      "the text stands in the requestor's folder and in %s other file of %u peers",
                      leaked ? "SOME" : "no", (unsigned)demo->options.peer_count);
}

/* ------------------------------------------------------------ a changed receipt */

bool services_look_forged(struct demo *demo, struct life_turn *turn)
{
    char rest[SERVICES_LINE];
    if (turn->phase == 0) {
        if (!services_seen("claim", rest)) return false;
        const char *const words[] = { "forge",
                                      services_socket_of(demo, services_executor[task.executor]),
                                      rest + 1, NULL };
        task.forger = services_hand(demo, "forger", words);
        return life_next(demo, turn);
    }
    if (services_went_wrong(task.forger, 4, turn)) return true;
    if (!task.forger->ended) return false;
    if (!services_said(task.forger, "refused", rest)) return life_known(turn, false, "silence");
    return life_known(turn, balance_of(services_payee(task.executor)) == task.paid,
                      "the state of one step changed in a claim that was paid: refused%s", rest);
}
