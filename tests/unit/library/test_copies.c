/*
 * tests/unit/library/test_copies.c - drawn test of collateral sets of every vendor: wrong files
 * next to genuine ones change no verdict and hide no revocation (evidence-rules.md 1.15.7).
 *
 * Wrong files are copies of genuine ones with a changed signature, dates or names, and pieces of
 * other authorities with the same names. The genuine ones verify what nobody but their authority
 * could make: so the verdict with the wrong ones must be the one without, byte for byte.
 */
#include "base/base64.h"
#include "quote/collateral/collateral_other.h"
#include "tests/support/depth.h"
#include "tests/unit/library/verify_bytes.h"
#include "tests/unit/quote/nvidia/gpu_world.h"
#include "tests/unit/quote/snp/snp_world.h"
#include "tests/unit/quote/world.h"
#include "tests/unit/tpm/simulated_tpm.h"

#include <assay/assay.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GENUINE_MAX = 16, STRANGERS_MAX = 8, COPY_MAX = 1 << 16 };

/* What makes some evidence genuine, and pieces of others that look like it. */
struct set {
    size_t rounds;
    size_t root_count;
    struct assay_key roots[2];
    uint32_t kinds;
    const struct assay_policy *policy; /* NULL: the default */
    enum assay_evidence_kind kind;
    int64_t at_unix_s;
    struct assay_slice evidence;
    struct assay_package package; /* the same, for certificates that go along; kind 0: none do */
    size_t count, stranger_count;
    struct assay_slice files[GENUINE_MAX], strangers[STRANGERS_MAX];
};

static uint64_t state;
static struct assay_verdict *verdict;
static uint8_t copies[ASSAY_FILES_MAX][COPY_MAX];

static uint64_t draw(uint64_t below) /* splitmix64 */
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % below;
}

static void set_up(void)
{
    state = 20250830;
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
}

static void tear_down(void)
{
    assay_verdict_destroy(&verdict);
}

TestSuite(library_copies, .init = set_up, .fini = tear_down);

static void add(struct set *s, const uint8_t *bytes, size_t len)
{
    cr_assert_lt(s->count, GENUINE_MAX);
    s->files[s->count++] = assay_slice_over(bytes, len);
}

static void add_stranger(struct set *s, const uint8_t *bytes, size_t len)
{
    cr_assert_lt(s->stranger_count, STRANGERS_MAX);
    s->strangers[s->stranger_count++] = assay_slice_over(bytes, len);
}

/* --- wrong files */
static void change_signature(uint8_t *bytes, size_t len)
{
    static const char xml[] = "SignatureValue>", json[] = "\"signature\":\"";
    uint8_t *at = memmem(bytes, len, xml, sizeof xml - 1);
    if (at != NULL) at += sizeof xml - 1;
    else if ((at = memmem(bytes, len, json, sizeof json - 1)) != NULL) at += sizeof json - 1;
    if (at == NULL) bytes[len - 1 - draw(16)] ^= (uint8_t)(1u << draw(8));
    else {
        at += 8 + draw(40);
        const uint8_t digit = (uint8_t)('0' + draw(9));
        *at = *at == digit ? (uint8_t)(digit + 1) : digit;
    }
}

/* The year of the last date, or of both: expired, or for ever. */
static void change_dates(uint8_t *bytes, size_t len)
{
    const uint8_t decade = draw(2) == 0 ? '0' : '4';
    for (size_t i = 0; i + 15 < len; i++) {
        const bool is_utc = bytes[i] == 0x17 && bytes[i + 1] == 13 && bytes[i + 14] == 'Z';
        if (is_utc && draw(2) == 0) bytes[i + 2] = decade;
    }
    change_signature(bytes, len);
}

/* One letter of one name. */
static void change_name(uint8_t *bytes, size_t len)
{
    const size_t from = (size_t)draw(len);
    for (size_t n = 0; n < len; n++) {
        const size_t i = (from + n) % len;
        if (i + 3 >= len || (bytes[i] != 0x0c && bytes[i] != 0x13) || bytes[i + 1] < 3) continue;
        if (bytes[i + 2] < 'A' || bytes[i + 2] > 'z') continue;
        bytes[i + 2] = bytes[i + 2] == 'X' ? 'Y' : 'X';
        break;
    }
    change_signature(bytes, len);
}

static bool is_der(struct assay_slice file)
{
    return file.len > 2 && file.bytes[0] == 0x30;
}

static bool is_list(struct assay_slice file)
{
    struct assay_crl *const crl = malloc(sizeof *crl);
    cr_assert_not_null(crl);
    const bool yes = assay_x509_crl(file.bytes, file.len, crl) == ASSAY_OK;
    free(crl);
    return yes;
}

static bool is_certificate(struct assay_slice file)
{
    struct assay_certificate c;
    return assay_x509_certificate(file.bytes, file.len, &c) == ASSAY_OK;
}

/* Half of a round's are of one file. */
static struct assay_slice wrong_file(const struct set *s, size_t favourite, uint8_t *room)
{
    if (s->stranger_count > 0 && draw(4) == 0) return s->strangers[draw(s->stranger_count)];
    const struct assay_slice file = s->files[draw(2) == 0 ? favourite : draw(s->count)];
    cr_assert_leq(file.len, COPY_MAX);
    assay_bytes_copy(room, COPY_MAX, file.bytes, file.len);
    const uint64_t which = is_der(file) ? draw(4) : 0;
    if (which == 1) change_dates(room, file.len);
    /* A list of a name that nobody has may be one of the evidence's own authorities. */
    else if (which == 2 && !is_list(file)) change_name(room, file.len);
    else change_signature(room, file.len);
    return assay_slice_over(room, file.len);
}

/* --- verdicts */
static void judge(const struct set *s, const struct assay_slice *more, size_t more_count)
{
    struct assay_bytes files[ASSAY_FILES_MAX];
    struct assay_trust *trust = NULL;
    uint8_t spki[640];
    size_t count = 0, len = 0;
    cr_assert_leq(s->count + more_count, ASSAY_FILES_MAX);
    for (size_t i = 0; i < more_count; i++)
        files[count++] = (struct assay_bytes){ more[i].bytes, more[i].len };
    for (size_t i = 0; i < s->count; i++)
        files[count++] = (struct assay_bytes){ s->files[i].bytes, s->files[i].len };
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    for (size_t i = 0; i < s->root_count; i++) {
        cr_assert_eq(assay_key_spki(&s->roots[i], spki, sizeof spki, &len), ASSAY_OK);
        cr_assert_eq(assay_trust_add_root(trust, spki, len, s->kinds), ASSAY_OK);
    }
    cr_assert_eq(assay_trust_add_collateral(trust, files, count), ASSAY_OK);
    cr_assert_eq(verify_bytes(NULL, trust, s->policy, s->kind, s->evidence.bytes, s->evidence.len,
                              s->at_unix_s, verdict),
                 ASSAY_OK);
    assay_trust_destroy(&trust);
}

/* The verdict of the genuine files, and of these with as many wrong ones as a set has room for. */
static void expect_unmoved(const char *what, const struct set *s, enum assay_genuine genuine)
{
    struct assay_slice wrong[ASSAY_FILES_MAX];
    judge(s, NULL, 0);
    const struct assay_verdict wanted = *verdict;
    cr_assert_eq(wanted.genuine, genuine, "%s: %s", what, gpu_reasons(&wanted));
    for (size_t round = 0; round < s->rounds / test_every(4); round++) {
        const size_t most = round % 2 == 0 ? 3 : ASSAY_FILES_MAX - s->count;
        const size_t count = 1 + (size_t)draw(most);
        const size_t favourite = (size_t)draw(s->count);
        for (size_t i = 0; i < count; i++)
            wrong[i] = wrong_file(s, favourite, copies[i]);
        judge(s, wrong, count);
        cr_expect(assay_bytes_equal(verdict, &wanted, sizeof wanted), "%s, round %zu, %zu: %s",
                  what, round, count, gpu_reasons(verdict));
    }
}

/* One file of the set as often as there is room, and another one once: a bundle holds few. */
static void expect_unmoved_crowd(const char *what, const struct set *s, size_t file, size_t other)
{
    struct assay_slice wrong[ASSAY_FILES_MAX];
    judge(s, NULL, 0);
    const struct assay_verdict wanted = *verdict;
    const size_t count = ASSAY_FILES_MAX - s->count;
    for (size_t i = 0; i < count; i++) {
        wrong[i] = s->files[i == 0 ? other : file];
        assay_bytes_copy(copies[i], COPY_MAX, wrong[i].bytes, wrong[i].len);
        change_signature(copies[i], wrong[i].len);
        wrong[i].bytes = copies[i];
    }
    judge(s, wrong, count);
    cr_expect(assay_bytes_equal(verdict, &wanted, sizeof wanted), "%s: %s", what,
              gpu_reasons(verdict));
}

/* --- more than there is room, or time, for */
/* Many keys and signatures: the key of the certificate that leads to the root is found. Without
 * the certificate nothing shows that the evidence is wrong. The last three files: signature, PCR
 * values, key. */
static void expect_pair_found(const struct set *s)
{
    struct assay_slice wrong[ASSAY_FILES_MAX];
    struct set bare = *s;
    judge(s, NULL, 0);
    const struct assay_verdict wanted = *verdict;
    const size_t count = ASSAY_FILES_MAX - s->count;
    for (size_t i = 0; i < count; i++) {
        wrong[i] = s->files[s->count - 1 - 2 * (i % 2)];
        assay_bytes_copy(copies[i], COPY_MAX, wrong[i].bytes, wrong[i].len);
        size_t at = wrong[i].len - 1 - i / 2;
        while (copies[i][at] == 0)
            at -= 1;
        copies[i][at] -= 1; /* before the genuine one */
        wrong[i].bytes = copies[i];
    }
    judge(s, wrong, count);
    cr_expect(assay_bytes_equal(verdict, &wanted, sizeof wanted), "%s", gpu_reasons(verdict));
    bare.count = 0;
    for (size_t i = 0; i < s->count; i++)
        if (!is_certificate(s->files[i])) bare.files[bare.count++] = s->files[i];
    judge(&bare, wrong, count);
    cr_expect_eq(verdict->genuine, ASSAY_GENUINE_UNKNOWN, "%s", gpu_reasons(verdict));
}

/* More lists than there is room for, with name and key identifier of the authority, other contents
 * and a wrong signature. */
static void expect_altered_lists_needless(const struct set *s, const struct authority_crl *own)
{
    enum { LISTS = ASSAY_LISTS_MAX + 1 };
    static uint8_t ders[LISTS][AUTHORITY_DER_MAX];
    struct assay_slice more[LISTS];
    struct authority_crl crl = *own;
    judge(s, NULL, 0);
    const struct assay_verdict wanted = *verdict;
    for (size_t i = 0; i < LISTS; i++) {
        crl.number = 100 + i;
        more[i] = assay_slice_over(ders[i], authority_crl_make(&crl, ders[i]));
        change_signature(ders[i], more[i].len);
    }
    judge(s, more, LISTS);
    cr_expect(assay_bytes_equal(verdict, &wanted, sizeof wanted), "%s", gpu_reasons(verdict));
}

/* As many lists as a set has room for, in that name and by a key that no certificate has: evidence
 * without an authority of that key is appraised as without them. */
static void expect_strange_lists_needless(const struct set *s, const struct authority_crl *theirs)
{
    static uint8_t ders[ASSAY_FILES_MAX][AUTHORITY_DER_MAX];
    struct assay_slice more[ASSAY_FILES_MAX];
    struct authority_crl crl = *theirs;
    const size_t count = ASSAY_FILES_MAX - s->count;
    judge(s, NULL, 0);
    const struct assay_verdict wanted = *verdict;
    for (size_t i = 0; i < count; i++) {
        crl.number = 100 + i;
        more[i] = assay_slice_over(ders[i], authority_crl_make(&crl, ders[i]));
    }
    judge(s, more, count);
    cr_expect(assay_bytes_equal(verdict, &wanted, sizeof wanted), "%s, key id %d: %s", crl.issuer,
              crl.has_key_id, gpu_reasons(verdict));
}

/* Lists that are longer than a part may be, together. */
static void expect_long_lists_unjudged(const struct set *s)
{
    enum { LONG = ASSAY_PART_LEN_MAX - 1024 };
    static uint8_t bytes[2][LONG];
    struct assay_slice more[2];
    const struct assay_slice list = s->files[0];
    cr_assert(list.bytes[1] == 0x82 && is_list(list));
    for (size_t i = 0; i < 2; i++) {
        const uint8_t head[] = { 0x30, 0x83, (LONG - 5) >> 16, (LONG - 5) >> 8 & 255,
                                 (LONG - 5) & 255 };
        assay_bytes_copy(bytes[i], LONG, head, sizeof head);
        assay_bytes_copy(bytes[i] + 5, LONG - 5, list.bytes + 4, list.len - 4);
        bytes[i][LONG - 1] = (uint8_t)i;
        more[i] = assay_slice_over(bytes[i], LONG);
    }
    judge(s, more, 2);
    cr_expect_neq(verdict->genuine, ASSAY_GENUINE_TRUE);
    cr_expect(strstr(gpu_reasons(verdict), "crl.der") != NULL, "%s", gpu_reasons(verdict));
}

Test(library_copies, crowd_out_no_fault_of_what_cannot_be_read)
{
    struct assay_collateral *const c = calloc(1, sizeof *c);
    cr_assert_not_null(c);
    for (int i = 0; i < ASSAY_FAULTS_MAX; i++)
        assay_collateral_add_fault(c, ASSAY_RULE_CRL_SIGNATURE, "a copy", ASSAY_E_SIGNATURE);
    assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_FORMAT, "CRL", ASSAY_E_SYNTAX);
    bool has = false;
    for (uint32_t i = 0; i < c->fault_count; i++)
        has = has || c->faults[i].rule == ASSAY_RULE_COLLATERAL_FORMAT;
    cr_expect(has);
    cr_expect_eq(c->fault_count, ASSAY_FAULTS_MAX);
    free(c);
}

/* --- copies that go along with the evidence */
/* The genuine certificates with that many copies, in any order, in the package; the other files as
 * they are. */
static void judge_packed(const struct set *s, size_t copy_count)
{
    static uint8_t bytes[ASSAY_EVIDENCE_LEN_MAX];
    struct set packed = *s;
    struct assay_package *const p = &packed.package;
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    packed.count = p->certificate_count = 0;
    for (size_t i = 0; i < s->count; i++)
        if (!is_certificate(s->files[i])) packed.files[packed.count++] = s->files[i];
        else p->certificates[p->certificate_count++] = s->files[i];
    const size_t genuine = p->certificate_count;
    cr_assert(genuine > 0 && genuine < ASSAY_PACKAGE_CERTIFICATES_MAX);
    for (size_t n = 0; n < copy_count; n++) {
        if (p->certificate_count == ASSAY_PACKAGE_CERTIFICATES_MAX) break;
        const struct assay_slice file = p->certificates[draw(genuine)];
        assay_bytes_copy(copies[n], COPY_MAX, file.bytes, file.len);
        if (draw(2) == 0) change_dates(copies[n], file.len);
        else change_signature(copies[n], file.len);
        if (is_certificate(assay_slice_over(copies[n], file.len)))
            p->certificates[p->certificate_count++] = assay_slice_over(copies[n], file.len);
    }
    for (size_t i = p->certificate_count; i-- > 1;) {
        const size_t k = (size_t)draw(i + 1);
        const struct assay_slice at = p->certificates[i];
        p->certificates[i] = p->certificates[k];
        p->certificates[k] = at;
    }
    assay_package_encode(p, &out);
    cr_assert_eq(assay_writer_finish(&out, &packed.evidence), ASSAY_OK);
    judge(&packed, NULL, 0);
}

static void expect_unmoved_packed(const char *what, const struct set *s, enum assay_genuine genuine)
{
    judge_packed(s, 0);
    const struct assay_verdict wanted = *verdict;
    cr_assert_eq(wanted.genuine, genuine, "%s: %s", what, gpu_reasons(&wanted));
    for (size_t round = 0; round < s->rounds / test_every(4); round++) {
        judge_packed(s, 1 + (size_t)draw(ASSAY_PACKAGE_CERTIFICATES_MAX));
        cr_expect_eq(verdict->genuine, genuine, "%s, round %zu: %s", what, round,
                     gpu_reasons(verdict));
        cr_expect_eq(verdict->tier, wanted.tier, "%s, round %zu", what, round);
        cr_expect_eq(verdict->reason_count, wanted.reason_count, "%s, round %zu", what, round);
    }
}

/* --- AMD */
static const uint64_t revoked[] = { SNP_SERIAL_ASK };

/* The same names under the key of nobody: ARK, ASK and VEK; the ASK and the VEK also of the right
 * keys. */
static void add_other_amd(struct set *s, const struct snp_world *w,
                          uint8_t ders[static 5][AUTHORITY_DER_MAX])
{
    struct authority_certificate ark = w->ark, ask = w->ask, vek = w->vek;
    struct authority_key *key = authority_key_make(ASSAY_KEY_P384);
    ark.key = ark.signer = ask.signer = w->other_key;
    vek.signer = w->other_key;
    add_stranger(s, ders[0], authority_certificate_make(&ark, ders[0]));
    add_stranger(s, ders[1], authority_certificate_make(&ask, ders[1]));
    add_stranger(s, ders[2], authority_certificate_make(&vek, ders[2]));
    ask.key = w->other_key;
    vek.key = key;
    add_stranger(s, ders[3], authority_certificate_make(&ask, ders[3]));
    add_stranger(s, ders[4], authority_certificate_make(&vek, ders[4]));
    authority_key_free(&key);
}

static void judge_amd(bool is_revoked, bool has_ark)
{
    static uint8_t ders[6][AUTHORITY_DER_MAX];
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    if (is_revoked) w->crl.revoked_count = 1;
    w->crl.revoked = revoked;
    w->crl.has_key_id = true; /* so that what only bears the name is known as a copy */
    snp_world_certify(w);
    snp_world_sign(w);
    struct set s = { .rounds = 32,
                     .root_count = 1,
                     .kinds = ASSAY_KIND_BIT(ASSAY_KIND_SNP),
                     .kind = ASSAY_KIND_SNP,
                     .at_unix_s = w->at_unix_s,
                     .evidence = assay_slice_over(w->report, sizeof w->report) };
    s.package = (struct assay_package){ .kind = s.kind, .main = s.evidence };
    authority_key_public(w->ark_key, &s.roots[0]);
    add(&s, ders[5], authority_crl_make(&w->crl, ders[5]));
    add(&s, w->ask_der, w->ask_len);
    add(&s, w->vek_der, w->vek_len);
    if (has_ark) add(&s, w->ark_der, w->ark_len);
    add_other_amd(&s, w, ders);
    expect_altered_lists_needless(&s, &w->crl);
    expect_unmoved("AMD", &s, is_revoked ? ASSAY_GENUINE_FALSE : ASSAY_GENUINE_TRUE);
    expect_unmoved_packed("AMD", &s, is_revoked ? ASSAY_GENUINE_FALSE : ASSAY_GENUINE_TRUE);
    struct authority_crl theirs = w->crl;
    theirs.signer = w->other_key;
    expect_strange_lists_needless(&s, &theirs);
    theirs.has_key_id = false;
    expect_strange_lists_needless(&s, &theirs);
    theirs.issuer = "Another vendor";
    expect_strange_lists_needless(&s, &theirs);
    expect_long_lists_unjudged(&s);
    snp_world_close(w);
}

Test(library_copies, next_to_amds_change_nothing)
{
    judge_amd(false, true);
    judge_amd(false, false);
}

Test(library_copies, next_to_amds_hide_no_revocation)
{
    judge_amd(true, true);
    judge_amd(true, false);
}

/* --- TPM */
static struct assay_slice pem_of(const char *label, struct assay_slice bytes, char *room,
                                 size_t capacity)
{
    static char text[2 * COPY_MAX];
    size_t text_len = 0;
    cr_assert_eq(assay_base64_encode(ASSAY_BASE64_STANDARD, bytes.bytes, bytes.len, text,
                                     sizeof text, &text_len),
                 ASSAY_OK);
    const int len = snprintf(room, capacity, "-----BEGIN %s-----\n%s\n-----END %s-----\n", label,
                             text, label);
    cr_assert(len > 0 && (size_t)len < capacity);
    return assay_slice_over(room, (size_t)len);
}

/* Values under the label of something else, and next to these wrong ones. */
static void expect_labels_move_nothing(const struct set *s, const struct assay_package *package)
{
    static char room[2 * COPY_MAX];
    static uint8_t wrong[COPY_MAX];
    const struct assay_slice parts[] = { package->pcrs, package->signature };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (int is_list = 0; is_list < 2; is_list++) {
            struct assay_slice more[2];
            more[0] = pem_of(is_list ? "X509 CRL" : "CERTIFICATE", parts[i], room, sizeof room);
            assay_bytes_copy(wrong, sizeof wrong, parts[i].bytes, parts[i].len);
            wrong[parts[i].len - 1] ^= 1;
            more[1] = assay_slice_over(wrong, parts[i].len);
            for (size_t count = 1; count <= 2; count++) {
                judge(s, more, count);
                /* A damaged list may say anything: that leaves it open. */
                if (!is_list) cr_expect_eq(verdict->genuine, ASSAY_GENUINE_TRUE, "part %zu", i);
                else cr_expect_neq(verdict->genuine, ASSAY_GENUINE_FALSE, "part %zu", i);
            }
        }
}

static void judge_tpm(bool is_revoked)
{
    static uint8_t ders[2][AUTHORITY_DER_MAX];
    struct simtpm *const p = calloc(1, sizeof *p);
    struct assay_tpm_registrar other;
    struct assay_package package;
    size_t len = 0;
    cr_assert_not_null(p);
    simtpm_make(p);
    simtpm_build(p);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, p->evidence, p->len, &package), ASSAY_OK);
    struct set s = { .rounds = 32,
                     .root_count = 1,
                     .roots = { p->registrar.key },
                     .kinds = ASSAY_KIND_BIT(ASSAY_KIND_TPM),
                     .kind = ASSAY_KIND_TPM,
                     .at_unix_s = SIMTPM_NOW,
                     .evidence = package.main,
                     .package = package };
    uint8_t serials[1][ASSAY_SERIAL_LEN] = { { 0 } };
    assay_bytes_copy(serials[0] + 4, 16, p->certificate.serial, 16);
    cr_assert_eq(assay_tpm_registrar_crl(&p->registrar, SIMTPM_NOW - 1, SIMTPM_NOW + 60,
                                         (const uint8_t(*)[ASSAY_SERIAL_LEN])serials, is_revoked,
                                         ders[0], sizeof ders[0], &len),
                 ASSAY_OK);
    add(&s, ders[0], len);
    for (size_t i = 0; i < package.certificate_count; i++)
        add(&s, package.certificates[i].bytes, package.certificates[i].len);
    add(&s, p->registrar.root_der, p->registrar.root_der_len);
    add(&s, package.signature.bytes, package.signature.len);
    add(&s, package.pcrs.bytes, package.pcrs.len);
    add(&s, package.key.bytes, package.key.len);
    /* Its list, and the certificate of its issuer. */
    for (int i = 0; i < 4; i++)
        expect_unmoved_crowd("TPM", &s, 0, package.certificate_count + 1);
    expect_pair_found(&s);
    if (!is_revoked) expect_labels_move_nothing(&s, &package);
    /* The same key, certified in the same name by another registrar. */
    cr_assert_eq(assay_tpm_registrar_create("paper", SIMTPM_NOW - SIMTPM_DAY,
                                            SIMTPM_NOW + SIMTPM_DAY, &other),
                 ASSAY_OK);
    struct assay_tpm_certificate twin = p->certificate;
    twin.issuer_key = &other.key;
    twin.issuer_secret = &other.secret;
    cr_assert_eq(assay_tpm_certificate_make(&twin, ders[1], sizeof ders[1], &len), ASSAY_OK);
    add_stranger(&s, ders[1], len);
    add_stranger(&s, other.root_der, other.root_der_len);
    expect_unmoved("TPM", &s, is_revoked ? ASSAY_GENUINE_FALSE : ASSAY_GENUINE_TRUE);
    expect_unmoved_packed("TPM", &s, is_revoked ? ASSAY_GENUINE_FALSE : ASSAY_GENUINE_TRUE);
    simtpm_free(p);
    free(p);
}

Test(library_copies, next_to_those_of_a_tpm_change_nothing)
{
    judge_tpm(false);
}

Test(library_copies, next_to_those_of_a_tpm_hide_no_revocation)
{
    judge_tpm(true);
}

/* --- NVIDIA */
static void judge_nvidia(bool is_revoked)
{
    struct gpu_world *const w = gpu_world_open(), *const other = gpu_world_open();
    if (is_revoked) w->ocsp_reason = 1;
    gpu_world_make(w);
    gpu_world_make(other);
    struct set s = { .rounds = 8, /* manifests take their time */
                     .root_count = GPU_ROOTS,
                     .roots = { w->c.roots[0], w->c.roots[1] },
                     .kinds = ASSAY_KINDS_NVIDIA,
                     .kind = ASSAY_KIND_NVIDIA_GPU,
                     .at_unix_s = w->c.at_unix_s,
                     .evidence = w->c.report };
    s.package = (struct assay_package){ .kind = s.kind, .main = s.evidence };
    for (size_t i = 0; i < w->c.file_count; i++)
        add(&s, w->c.files[i].bytes, w->c.files[i].len);
    for (size_t i = 5; i < 7; i++) /* manifests */
        expect_unmoved_crowd("NVIDIA", &s, i, 0);
    for (size_t i = 0; i < other->c.file_count && i < STRANGERS_MAX; i++)
        add_stranger(&s, other->c.files[i].bytes, other->c.files[i].len);
    expect_unmoved("NVIDIA", &s, is_revoked ? ASSAY_GENUINE_FALSE : ASSAY_GENUINE_TRUE);
    expect_unmoved_packed("NVIDIA", &s, is_revoked ? ASSAY_GENUINE_FALSE : ASSAY_GENUINE_TRUE);
    gpu_world_close(other);
    gpu_world_close(w);
}

/* --- lists in the names of authorities that come with the evidence */
enum { MORE_LISTS = ASSAY_LISTS_MAX + 1 };

/* Next to that many lists of the terms, and one more file, which is last unless it is empty. */
static void judge_lists(const struct set *s, const struct authority_crl *terms, bool is_altered,
                        struct assay_slice last)
{
    static uint8_t ders[MORE_LISTS][AUTHORITY_DER_MAX];
    struct assay_slice more[MORE_LISTS + 1];
    struct authority_crl crl = *terms;
    for (size_t i = 0; i < MORE_LISTS; i++) {
        crl.number = 100 + i;
        more[i] = assay_slice_over(ders[i], authority_crl_make(&crl, ders[i]));
        if (is_altered) change_signature(ders[i], more[i].len);
    }
    more[MORE_LISTS] = last;
    judge(s, more, MORE_LISTS + (last.len > 0));
}

static void expect_lists_unjudged(const struct set *s, const struct authority_crl *terms)
{
    judge_lists(s, terms, false, (struct assay_slice){ NULL, 0 });
    cr_expect_eq(verdict->genuine, ASSAY_GENUINE_UNKNOWN, "%s, key id %d: %s", terms->issuer,
                 terms->has_key_id, gpu_reasons(verdict));
    cr_expect(strstr(gpu_reasons(verdict), "collateral-format") != NULL, "%s: %s", terms->issuer,
              gpu_reasons(verdict));
}

/* Out: s: certificates in the evidence, and in the set only on request; bytes: the evidence */
static void make_device_set(const struct gpu_world *w, bool with_certificates,
                            uint8_t bytes[static ASSAY_EVIDENCE_LEN_MAX], struct set *s)
{
    struct assay_writer out = assay_writer_over(bytes, ASSAY_EVIDENCE_LEN_MAX);
    *s = (struct set){ .root_count = GPU_ROOTS,
                       .roots = { w->c.roots[0], w->c.roots[1] },
                       .kinds = ASSAY_KINDS_NVIDIA,
                       .kind = ASSAY_KIND_NVIDIA_GPU,
                       .at_unix_s = w->c.at_unix_s };
    s->package = (struct assay_package){ .kind = s->kind, .main = w->c.report };
    for (size_t i = 0; i < w->c.file_count; i++) {
        const struct assay_slice file = w->c.files[i];
        const bool is_one = is_certificate(file);
        if (is_one) s->package.certificates[s->package.certificate_count++] = file;
        if (!is_one || with_certificates) add(s, file.bytes, file.len);
    }
    cr_assert_gt(s->package.certificate_count, 0);
    assay_package_encode(&s->package, &out);
    cr_assert_eq(assay_writer_finish(&out, &s->evidence), ASSAY_OK);
}

/* Which of the lists in the name of an authority is its own, nothing shows when the set is read.
 * Lists in other names do not matter, however many they are. */
static void judge_device_lists(bool with_certificates)
{
    static uint8_t bytes[ASSAY_EVIDENCE_LEN_MAX], der[AUTHORITY_DER_MAX];
    static const enum gpu_link links[] = { GPU_FAMILY, GPU_ICA, GPU_DEVICE };
    struct gpu_world *const w = gpu_world_open();
    struct authority_key *stranger = authority_key_make(ASSAY_KEY_P384);
    struct set s;
    gpu_world_make(w);
    make_device_set(w, with_certificates, bytes, &s);
    struct authority_crl crl = { .issuer = "Another vendor",
                                 .signer = stranger,
                                 .alg = ASSAY_SIGNATURE_ECDSA_SHA384,
                                 .from_s = s.at_unix_s - 3600,
                                 .to_s = s.at_unix_s + 3600 };
    expect_strange_lists_needless(&s, &crl);
    cr_expect_eq(verdict->genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(verdict));
    const struct authority_crl others = crl;
    for (size_t k = 0; k < sizeof links / sizeof links[0]; k++) {
        crl.issuer = w->terms[links[k]].subject;
        for (int has_key_id = 0; has_key_id < 2; has_key_id++) {
            crl.has_key_id = has_key_id == 1;
            expect_lists_unjudged(&s, &crl);
        }
    }
    /* The one that revokes, of an authority of the evidence, behind those of strangers. */
    const uint64_t revoked_here[] = { w->terms[GPU_DEVICE].serial };
    crl.issuer = w->terms[GPU_ICA].subject;
    crl.signer = w->keys[GPU_ICA];
    crl.revoked_count = 1;
    crl.revoked = revoked_here;
    const struct assay_slice last = assay_slice_over(der, authority_crl_make(&crl, der));
    judge_lists(&s, &others, false, last);
    cr_expect_neq(verdict->genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(verdict));
    /* Copies of one that revokes nothing, by name and key id of an authority at hand. */
    judge(&s, NULL, 0);
    const struct assay_verdict wanted = *verdict;
    crl.revoked_count = 0;
    judge_lists(&s, &crl, true, (struct assay_slice){ NULL, 0 });
    const bool is_same = assay_bytes_equal(verdict, &wanted, sizeof wanted);
    cr_expect_eq(is_same, with_certificates, "%s", gpu_reasons(verdict));
    authority_key_free(&stranger);
    gpu_world_close(w);
}

Test(library_copies, in_names_of_authorities_of_the_evidence_are_unjudged)
{
    judge_device_lists(false);
}

Test(library_copies, in_names_of_authorities_of_the_set_are_known_by_key_id)
{
    judge_device_lists(true);
}

Test(library_copies, next_to_nvidias_change_nothing)
{
    judge_nvidia(false);
}

Test(library_copies, next_to_nvidias_hide_no_revocation)
{
    judge_nvidia(true);
}

/* --- Intel, by the SOFT vendor, whose collateral has the form of Intel's */
static void judge_intel(bool is_revoked)
{
    struct world *const w = world_open(), *const other = world_open();
    w->terms.revoked_count = is_revoked;
    assay_bytes_copy(w->terms.revoked[0], ASSAY_SERIAL_LEN, w->node.pck_serial, ASSAY_SERIAL_LEN);
    world_publish(w);
    struct set s = { .rounds = 32,
                     .root_count = 1,
                     .roots = { w->endorsements.entries[0].root },
                     .kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT),
                     .policy = &w->policy,
                     .kind = ASSAY_KIND_SOFT,
                     .at_unix_s = w->at_unix_s,
                     .evidence = assay_slice_over(w->quote, w->quote_len) };
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        const struct assay_slice part = w->bundle.files.part[i], twin = other->bundle.files.part[i];
        if (part.len > 0) add(&s, part.bytes, part.len);
        if (twin.len > 0) add_stranger(&s, twin.bytes, twin.len);
    }
    expect_unmoved("Intel", &s, is_revoked ? ASSAY_GENUINE_FALSE : ASSAY_GENUINE_TRUE);
    world_close(other);
    world_close(w);
}

Test(library_copies, next_to_intels_change_nothing)
{
    judge_intel(false);
}

Test(library_copies, next_to_intels_hide_no_revocation)
{
    judge_intel(true);
}
