/*
 * apps/assay/genesis.c - `assay genesis`: plan a network, sign it, show it.
 *
 * create reads a plan (apps/config.h) and writes the unsigned genesis; each founding operator adds a
 * signature with sign; assayd accepts the file when the threshold is met.
 */
#include "apps/assay/command.h"

#include "apps/config.h"
#include "base/rfc3339.h"
#include "engine/genesis.h"
#include "net/keyring.h"
#include "quote/endorsements.h"
#include "quote/policy.h"
#include "quote/yaml.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: assay genesis create PLAN.yaml --out FILE   write the unsigned genesis of a network\n"
    "       assay genesis sign FILE --key OPERATOR_KEY   add the signature of one founding "
    "operator\n"
    "       assay genesis show FILE                      print what it fixes\n"
    "\n"
    "A plan names epoch_ms, threshold, policy, collateral folders, operators (name, public_key) "
    "and\n"
    "members (operator, card, sample quote of the platform). docs/operations.md has an example.\n";

/* One network being built; everything large is on the heap and freed by close_draft. */
struct draft {
    struct assay_plan *plan;
    struct assay_genesis *genesis;
    struct assay_policy *policy;
    uint8_t *policy_bytes, *endorsements_bytes;
    uint8_t *parts[ASSAY_PLAN_COLLATERAL_MAX][ASSAY_PARTS]; /* file contents */
    struct assay_endorsement_files *files;
    struct assay_collateral *collateral;
    struct assay_endorsements endorsements;
    struct assay_node_card *cards;
    uint8_t *body;
    char message[ASSAY_CONFIG_MESSAGE_MAX];
};

__attribute__((format(printf, 3, 4))) static enum assay_status explain(struct draft *d,
                                                                       enum assay_status status,
                                                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(d->message, sizeof d->message, format, args);
    va_end(args);
    return status;
}

static void close_draft(struct draft *d)
{
    for (size_t i = 0; i < ASSAY_PLAN_COLLATERAL_MAX; i++)
        for (size_t k = 0; k < ASSAY_PARTS; k++)
            free(d->parts[i][k]);
    free(d->plan);
    free(d->genesis);
    free(d->policy);
    free(d->policy_bytes);
    free(d->endorsements_bytes);
    free(d->files);
    free(d->collateral);
    free(d->cards);
    free(d->body);
}

static enum assay_status open_draft(struct draft *d)
{
    *d = (struct draft){ .message = "out of memory" };
    d->plan = calloc(1, sizeof *d->plan);
    d->genesis = calloc(1, sizeof *d->genesis);
    d->policy = calloc(1, sizeof *d->policy);
    d->policy_bytes = malloc(ASSAY_POLICY_LEN_MAX);
    d->endorsements_bytes = malloc(ASSAY_GENESIS_LEN_MAX);
    d->files = calloc(ASSAY_PLAN_COLLATERAL_MAX, sizeof *d->files);
    d->collateral = calloc(ASSAY_PLAN_COLLATERAL_MAX, sizeof *d->collateral);
    d->cards = calloc(ASSAY_MEMBERS_MAX, sizeof *d->cards);
    d->body = malloc(ASSAY_GENESIS_LEN_MAX);
    const bool all = d->plan != NULL && d->genesis != NULL && d->policy != NULL &&
                     d->policy_bytes != NULL && d->endorsements_bytes != NULL && d->files != NULL &&
                     d->collateral != NULL && d->cards != NULL && d->body != NULL;
    return all ? ASSAY_OK : ASSAY_E_MEMORY;
}

/* ------------------------------------------------------------ policy and collateral */

static enum assay_status read_policy(struct draft *d)
{
    uint8_t *text = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(d->plan->policy, ASSAY_CONFIG_LEN_MAX, &text, &len);
    if (status != ASSAY_OK)
        return explain(d, status, "%s: %s", d->plan->policy, assay_status_text(status));
    char why[ASSAY_YAML_MESSAGE_MAX] = "";
    status = assay_policy_parse_yaml(text, len, d->policy, why);
    free(text);
    if (status != ASSAY_OK) return explain(d, status, "%s: %s", d->plan->policy, why);

    struct assay_writer w = assay_writer_over(d->policy_bytes, ASSAY_POLICY_LEN_MAX);
    assay_policy_encode(d->policy, &w);
    ASSAY_TRY(assay_writer_finish(&w, &d->genesis->policy));
    assay_sha256(d->genesis->policy.bytes, d->genesis->policy.len, d->genesis->policy_digest);
    return ASSAY_OK;
}

/* The root key of a folder is the one in its root_ca.pem; the policy must pin it, and says for which
 * kinds. */
static enum assay_status read_root(struct draft *d, const char *folder,
                                   struct assay_endorsement_files *entry)
{
    char path[PATH_MAX + 32];
    uint8_t *pem = NULL;
    size_t len = 0;
    (void)snprintf(path, sizeof path, "%s/root_ca.pem", folder);
    enum assay_status status = assay_file_read(path, ASSAY_PART_LEN_MAX, &pem, &len);
    if (status != ASSAY_OK) return explain(d, status, "%s: %s", path, assay_status_text(status));
    status = assay_x509_root_key(pem, len, entry->root_key);
    free(pem);
    if (status != ASSAY_OK)
        return explain(d, status, "%s: no P-256 certificate: %s", path, assay_status_text(status));
    for (uint32_t i = 0; i < d->policy->root_count; i++)
        if (assay_bytes_equal(d->policy->roots[i].key, entry->root_key, sizeof entry->root_key))
            entry->kinds |= d->policy->roots[i].kinds;
    if (entry->kinds != 0) return ASSAY_OK;
    return explain(d, ASSAY_E_INVALID, "%s: the policy does not pin this root key", path);
}

static enum assay_status read_folder(struct draft *d, uint32_t index)
{
    const char *folder = d->plan->collateral[index];
    struct assay_endorsement_files *entry = &d->files[index];
    ASSAY_TRY(read_root(d, folder, entry));
    for (int part = 0; part < ASSAY_PARTS; part++) {
        char path[PATH_MAX + 64];
        size_t len = 0;
        (void)snprintf(path, sizeof path, "%s/%s", folder,
                       assay_collateral_part_name((enum assay_collateral_part)part));
        const enum assay_status status =
            assay_file_read(path, ASSAY_PART_LEN_MAX, &d->parts[index][part], &len);
        if (status == ASSAY_E_NOT_FOUND) continue;
        if (status != ASSAY_OK)
            return explain(d, status, "%s: %s", path, assay_status_text(status));
        entry->files.part[part] = assay_slice_over(d->parts[index][part], len);
    }
    return ASSAY_OK;
}

static int by_root(const void *a, const void *b)
{
    const struct assay_endorsement_files *left = a, *right = b;
    const int order = assay_bytes_compare(left->root_key, right->root_key, sizeof left->root_key);
    return order != 0 ? order : left->kinds < right->kinds ? -1 : left->kinds > right->kinds;
}

static enum assay_status read_collateral(struct draft *d)
{
    for (uint32_t i = 0; i < d->plan->collateral_count; i++)
        ASSAY_TRY(read_folder(d, i));
    qsort(d->files, d->plan->collateral_count, sizeof *d->files, by_root);

    struct assay_writer w = assay_writer_over(d->endorsements_bytes, ASSAY_GENESIS_LEN_MAX);
    enum assay_status status = assay_endorsements_encode(d->files, d->plan->collateral_count, &w);
    if (status != ASSAY_OK)
        return explain(d, status, "collateral: %s (two folders of one root?)",
                       assay_status_text(status));
    d->genesis->endorsements = assay_slice_over(w.bytes, w.len);
    assay_sha256(w.bytes, w.len, d->genesis->endorsements_digest);
    status = assay_endorsements_decode(w.bytes, w.len, d->collateral, ASSAY_PLAN_COLLATERAL_MAX,
                                       &d->endorsements);
    if (status != ASSAY_OK)
        return explain(d, status, "collateral: a bundle is incomplete or does not verify (%s)",
                       assay_status_symbol(status));
    return ASSAY_OK;
}

/* ------------------------------------------------------------ members */

/* A sample quote names kind, vendor root and platform: it must be genuine at genesis time. */
static enum assay_status read_sample(struct draft *d, const char *path,
                                     struct assay_genesis_member *member)
{
    uint8_t *quote = NULL;
    size_t len = 0;
    struct assay_verdict *verdict = malloc(sizeof *verdict);
    if (verdict == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = assay_file_read(path, ASSAY_EVIDENCE_LEN_MAX, &quote, &len);
    struct assay_evidence_request request = { .bytes = quote,
                                              .at_unix_s = (int64_t)(d->genesis->time_ms / 1000),
                                              .endorsements = &d->endorsements,
                                              .policy = d->policy };
    if (status == ASSAY_OK) status = assay_evidence_detect(quote, len, &request.kind);
    if (status == ASSAY_OK) status = assay_evidence_length(request.kind, quote, len, &request.len);
    if (status == ASSAY_OK) status = assay_evidence_verify(NULL, &request, verdict);
    if (status != ASSAY_OK) status = explain(d, status, "%s: %s", path, assay_status_text(status));
    else if (verdict->genuine != ASSAY_GENUINE_TRUE || !verdict->has_platform)
        status = explain(d, ASSAY_E_INVALID, "%s: not genuine under the collateral: %s", path,
                         verdict->reason_count ? assay_rule_text(verdict->reasons[0].rule)
                                               : "the platform has no id");
    if (status == ASSAY_OK) {
        member->evidence_kind = verdict->kind;
        assay_bytes_copy(member->vendor_root, 32, verdict->vendor_root, 32);
        assay_bytes_copy(member->platform_id, 32, verdict->platform_id, 32);
    }
    free(quote);
    free(verdict);
    return status;
}

static enum assay_status read_member(struct draft *d, uint32_t index)
{
    const struct assay_plan_member *from = &d->plan->members[index];
    struct assay_genesis_member *member = &d->genesis->members[index];
    struct assay_node_card *card = &d->cards[index];
    ASSAY_TRY(assay_node_card_load(from->card, card, d->message));
    assay_bytes_copy(member->identity_public, 64, card->identity_public, 64);
    assay_bytes_copy(member->node_id, 32, card->node_id, 32);
    assay_bytes_copy(member->door_public, 32, card->door_public, 32);
    assay_bytes_copy(member->voting_public, 64, card->voting_public, 64);
    assay_bytes_copy(member->transport_public, 32, card->transport_public, 32);
    member->name = assay_slice_over(card->name, strlen(card->name));
    ASSAY_TRY(read_sample(d, from->sample, member));
    for (uint32_t i = 0; i < d->plan->operator_count; i++) {
        if (strcmp(d->plan->operators[i].name, from->operator_name) != 0) continue;
        assay_sha256(d->plan->operators[i].public_key, ASSAY_P256_PUBLIC_LEN, member->operator_id);
        return ASSAY_OK;
    }
    return explain(d, ASSAY_E_NOT_FOUND, "members[].operator: no operator is named \"%s\"",
                   from->operator_name);
}

static int by_node_id(const void *a, const void *b)
{
    const struct assay_genesis_member *left = a, *right = b;
    return assay_bytes_compare(left->node_id, right->node_id, sizeof left->node_id);
}

static int by_public_key(const void *a, const void *b)
{
    const struct assay_genesis_operator *left = a, *right = b;
    return assay_bytes_compare(left->public_key, right->public_key, sizeof left->public_key);
}

static enum assay_status read_members(struct draft *d)
{
    struct assay_genesis *g = d->genesis;
    g->operator_count = d->plan->operator_count;
    for (uint32_t i = 0; i < g->operator_count; i++) {
        struct assay_genesis_operator *op = &g->operators[i];
        assay_bytes_copy(op->public_key, ASSAY_P256_PUBLIC_LEN, d->plan->operators[i].public_key,
                         ASSAY_P256_PUBLIC_LEN);
        assay_sha256(op->public_key, sizeof op->public_key, op->operator_id);
        op->name = assay_slice_over(d->plan->operators[i].name, strlen(d->plan->operators[i].name));
    }
    qsort(g->operators, g->operator_count, sizeof g->operators[0], by_public_key);
    g->member_count = d->plan->member_count;
    for (uint32_t i = 0; i < g->member_count; i++)
        ASSAY_TRY(read_member(d, i));
    qsort(g->members, g->member_count, sizeof g->members[0], by_node_id);
    return ASSAY_OK;
}

/* ------------------------------------------------------------ create */

static enum assay_status now_ms(uint64_t *ms)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return ASSAY_E_IO;
    *ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    return ASSAY_OK;
}

static enum assay_status build(struct draft *d, const char *plan_path, struct assay_slice *body)
{
    ASSAY_TRY(open_draft(d));
    ASSAY_TRY(assay_plan_load(plan_path, d->plan, d->message));
    d->genesis->parameters = d->plan->parameters;
    d->genesis->threshold = d->plan->threshold;
    d->genesis->time_ms = d->plan->time_ms;
    if (!d->plan->has_time) ASSAY_TRY(now_ms(&d->genesis->time_ms));
    ASSAY_TRY(read_policy(d));
    ASSAY_TRY(read_collateral(d));
    ASSAY_TRY(read_members(d));

    struct assay_writer w = assay_writer_over(d->body, ASSAY_GENESIS_LEN_MAX);
    const enum assay_status status = assay_genesis_encode_body(d->genesis, &w);
    if (status != ASSAY_OK)
        return explain(d, status, "the plan breaks a rule of genesis: %s (%s)",
                       assay_status_text(status), assay_status_symbol(status));
    return assay_writer_finish(&w, body);
}

static enum assay_status write_genesis(const char *path, struct assay_slice body,
                                       const uint32_t *signers,
                                       const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN],
                                       size_t count)
{
    uint8_t *bytes = malloc(ASSAY_GENESIS_LEN_MAX);
    if (bytes == NULL) return ASSAY_E_MEMORY;
    struct assay_writer w = assay_writer_over(bytes, ASSAY_GENESIS_LEN_MAX);
    enum assay_status status = assay_genesis_encode_file(body, signers, signatures, count, &w);
    if (status == ASSAY_OK) status = assay_file_write(path, 0644, w.bytes, w.len);
    free(bytes);
    return status;
}

static int create(const char *plan_path, const char *out_path)
{
    struct draft d;
    struct assay_slice body = { NULL, 0 };
    enum assay_status status = build(&d, plan_path, &body);
    if (status == ASSAY_OK) {
        status = write_genesis(out_path, body, NULL, NULL, 0);
        (void)snprintf(d.message, sizeof d.message, "%s: %s", out_path, assay_status_text(status));
    }
    if (status == ASSAY_OK)
        (void)printf(
            "%s: %u members, %u operators, %u of them must sign; now: assay genesis sign\n",
            out_path, (unsigned)d.genesis->member_count, (unsigned)d.genesis->operator_count,
            (unsigned)d.genesis->threshold);
    else (void)fprintf(stderr, "assay genesis create: %s\n", d.message);
    const bool input = assay_status_class(status) == ASSAY_CLASS_INPUT;
    close_draft(&d);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : input ? ASSAY_EXIT_USAGE : ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ sign */

/* The signatures of a file are few and short: collect who signed by trying each pair again. */
struct signing {
    uint8_t *bytes;
    size_t len;
    struct assay_genesis *genesis;
    uint32_t signers[ASSAY_OPERATORS_MAX];
    uint8_t signatures[ASSAY_OPERATORS_MAX][ASSAY_P256_SIGNATURE_LEN];
};

static enum assay_status load_genesis(const char *path, struct signing *s,
                                      struct assay_where *where)
{
    *s = (struct signing){ 0 };
    s->genesis = calloc(1, sizeof *s->genesis);
    if (s->genesis == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_file_read(path, ASSAY_GENESIS_LEN_MAX, &s->bytes, &s->len));
    return assay_genesis_decode(s->bytes, s->len, true, s->genesis, where);
}

static void close_signing(struct signing *s)
{
    free(s->bytes);
    free(s->genesis);
}

static int complain(const char *verb, const char *path, enum assay_status status,
                    const struct assay_where *where)
{
    (void)fprintf(stderr, "assay genesis %s: %s: %s (%s)", verb, path, assay_status_text(status),
                  assay_status_symbol(status));
    if (where->field != NULL)
        (void)fprintf(stderr, " in %s at byte %lu", where->field, where->offset);
    (void)fputc('\n', stderr);
    return status == ASSAY_E_NOT_FOUND                       ? ASSAY_EXIT_NOT_FOUND
           : assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_MALFORMED
                                                             : ASSAY_EXIT_INTERNAL;
}

static int sign_with(const char *path, struct signing *s, const struct assay_secret32 *key,
                     const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    const struct assay_where nowhere = { 0 };
    uint32_t index = 0;
    while (index < s->genesis->operator_count &&
           !assay_bytes_equal(s->genesis->operators[index].public_key, public_key, 64))
        index++;
    if (index == s->genesis->operator_count) {
        (void)fprintf(stderr, "assay genesis sign: the key is none of the %u founding operators'\n",
                      (unsigned)s->genesis->operator_count);
        return ASSAY_EXIT_CONFLICT;
    }
    uint8_t digest[32], signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_p256_signer *signer = NULL;
    assay_genesis_signing_digest(s->genesis->chain_id, digest);
    enum assay_status status = assay_p256_signer_load(key, &signer);
    if (status == ASSAY_OK) status = assay_p256_sign(signer, digest, signature);
    assay_p256_signer_free(&signer);
    if (status != ASSAY_OK) return complain("sign", path, status, &nowhere);

    uint32_t count = s->genesis->signature_count, at = 0;
    for (uint32_t i = 0; i < count; i++) {
        s->signers[i] = s->genesis->signers[i];
        assay_bytes_copy(s->signatures[i], 64, s->genesis->signatures[i], 64);
    }
    while (at < count && s->signers[at] < index)
        at++;
    if (at == count || s->signers[at] != index) {
        for (uint32_t i = count; i > at; i--) {
            s->signers[i] = s->signers[i - 1];
            assay_bytes_copy(s->signatures[i], 64, s->signatures[i - 1], 64);
        }
        count++;
    }
    s->signers[at] = index;
    assay_bytes_copy(s->signatures[at], 64, signature, 64);
    status = write_genesis(path, s->genesis->body, s->signers,
                           (const uint8_t(*)[ASSAY_P256_SIGNATURE_LEN])s->signatures, count);
    if (status != ASSAY_OK) return complain("sign", path, status, &nowhere);
    (void)printf("%s: signed by %u of %u operators, %u needed\n", path, (unsigned)count,
                 (unsigned)s->genesis->operator_count, (unsigned)s->genesis->threshold);
    return ASSAY_EXIT_OK;
}

static int sign(const char *path, const char *key_path)
{
    struct signing s;
    struct assay_where where = { 0 };
    struct assay_secret32 key = { { 0 } };
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    enum assay_status status = assay_operator_key_load(key_path, &key, public_key);
    if (status != ASSAY_OK) return complain("sign", key_path, status, &where);
    status = load_genesis(path, &s, &where);
    const int result = status == ASSAY_OK ? sign_with(path, &s, &key, public_key)
                                          : complain("sign", path, status, &where);
    assay_secret_wipe(&key, sizeof key);
    close_signing(&s);
    return result;
}

/* ------------------------------------------------------------ show */

static void put_id(const char *label, const uint8_t id[static 32])
{
    char text[65];
    assay_hex_encode(id, 32, text, sizeof text);
    (void)printf("%s%s\n", label, text);
}

static void print_genesis(const struct assay_genesis *g)
{
    char time[ASSAY_RFC3339_MS_LEN + 1];
    assay_rfc3339_format_ms(g->time_ms, time);
    put_id("chain_id       ", g->chain_id);
    (void)printf("time           %s\nepoch_ms       %u\n", time, (unsigned)g->parameters.epoch_ms);
    (void)printf("caps           operator %u/%u, vendor root %u/%u\n",
                 (unsigned)g->parameters.operator_cap_num, (unsigned)g->parameters.operator_cap_den,
                 (unsigned)g->parameters.vendor_cap_num, (unsigned)g->parameters.vendor_cap_den);
    put_id("policy         ", g->policy_digest);
    put_id("endorsements   ", g->endorsements_digest);
    (void)printf("signatures     %u valid, %u of %u operators needed\n",
                 (unsigned)g->signature_count, (unsigned)g->threshold, (unsigned)g->operator_count);
    for (uint32_t i = 0; i < g->member_count; i++) {
        const struct assay_genesis_member *m = &g->members[i];
        char id[65];
        assay_hex_encode(m->node_id, 32, id, sizeof id);
        (void)printf("member %-3u     %.*s  %.16s  %s\n", (unsigned)i, (int)m->name.len,
                     (const char *)m->name.bytes, id,
                     assay_kind_text((enum assay_evidence_kind)m->evidence_kind));
    }
}

static int show(const char *path)
{
    struct signing s;
    struct assay_where where = { 0 };
    const enum assay_status status = load_genesis(path, &s, &where);
    int result = ASSAY_EXIT_OK;
    if (status == ASSAY_OK) print_genesis(s.genesis);
    else result = complain("show", path, status, &where);
    close_signing(&s);
    return result;
}

int assay_command_genesis(int argc, char **argv)
{
    static const struct option options[] = { { "out", required_argument, NULL, 'o' },
                                             { "key", required_argument, NULL, 'k' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    const char *out = NULL, *key = NULL;
    for (int option; (option = getopt_long(argc, argv, "o:k:h", options, NULL)) != -1;) {
        if (option == 'o') out = optarg;
        else if (option == 'k') key = optarg;
        else {
            (void)fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? ASSAY_EXIT_OK : ASSAY_EXIT_USAGE;
        }
    }
    if (argc - optind == 2) {
        const char *verb = argv[optind], *path = argv[optind + 1];
        if (strcmp(verb, "create") == 0 && out != NULL) return create(path, out);
        if (strcmp(verb, "sign") == 0 && key != NULL) return sign(path, key);
        if (strcmp(verb, "show") == 0) return show(path);
    }
    (void)fputs(usage, stderr);
    return ASSAY_EXIT_USAGE;
}
