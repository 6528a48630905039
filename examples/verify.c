/*
 * examples/verify.c - verification of one file of evidence with a folder of collateral, a policy
 * and the challenge that the evidence must answer. verify.py, verify.go and verify.rs do the same.
 *
 *     cc verify.c $(pkg-config --cflags --libs assay-policy) -o verify
 *     ./verify EVIDENCE FOLDER POLICY CHALLENGE [UNIX_TIME]        (CHALLENGE: report data, hex)
 */
#define _POSIX_C_SOURCE 200809L /* opendir */
#include <assay/policy.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint8_t memory[ASSAY_FILES_MAX + 2][ASSAY_FILE_LEN_MAX];

static struct assay_bytes read_file(const char *path, uint8_t *into)
{
    struct assay_bytes out = { into, 0 };
    FILE *const file = fopen(path, "rb");
    if (file == NULL) perror(path), exit(2);
    out.len = fread(into, 1, ASSAY_FILE_LEN_MAX, file);
    if (fgetc(file) != EOF || ferror(file) || fclose(file) != 0)
        (void)fprintf(stderr, "%s: cannot be read, or is too long\n", path), exit(2);
    return out;
}

static struct assay_bytes read_hex(const char *text, uint8_t into[64])
{
    struct assay_bytes out = { into, 0 };
    const size_t digits = strspn(text, "0123456789abcdefABCDEF");
    if (digits == 0 || digits % 2 != 0 || digits > 128 || text[digits] != '\0')
        (void)fprintf(stderr, "%s: expected 1 to 64 bytes in hexadecimal\n", text), exit(2);
    for (unsigned byte = 0; *text != '\0' && sscanf(text, "%2x", &byte) == 1; text += 2)
        into[out.len++] = (uint8_t)byte;
    return out;
}

static enum assay_status create_trust(const char *folder, const char *policy_path,
                                      struct assay_trust **trust, struct assay_policy **policy)
{
    struct assay_bytes files[ASSAY_FILES_MAX];
    char path[4096], message[ASSAY_POLICY_MESSAGE_MAX] = "";
    size_t count = 0;
    DIR *const dir = opendir(folder);
    if (dir == NULL) perror(folder), exit(2);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        if (count == ASSAY_FILES_MAX) return ASSAY_E_RANGE;
        if (snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path)
            return ASSAY_E_RANGE;
        files[count] = read_file(path, memory[count]), count++;
    }
    (void)closedir(dir);

    const struct assay_bytes text = read_file(policy_path, memory[ASSAY_FILES_MAX]);
    enum assay_status status = assay_policy_create_yaml((const char *)text.bytes, text.len, policy,
                                                        message, sizeof message);
    if (status != ASSAY_OK) (void)fprintf(stderr, "%s:%s\n", policy_path, message);
    if (status == ASSAY_OK) status = assay_trust_create(trust);
    if (status == ASSAY_OK) status = assay_trust_add_pinned(*trust);
    if (status == ASSAY_OK) status = assay_trust_add_policy_roots(*trust, *policy);
    if (status == ASSAY_OK) status = assay_trust_add_collateral(*trust, files, count);
    return status == ASSAY_E_NOT_FOUND ? ASSAY_OK : status; /* the verdict says what is missing */
}

int main(int argc, char **argv)
{
    static const char *const shown[] = { "mrtd", "mrenclave", "debug" };
    struct assay_trust *trust = NULL;
    struct assay_policy *policy = NULL;
    struct assay_verdict *verdict = NULL;
    struct assay_claim_value claim = { .size = sizeof claim };
    struct assay_unchecked open = { .size = sizeof open };
    struct assay_finding why = { .size = sizeof why };
    enum assay_tier tier = ASSAY_TIER_NONE;
    struct timespec now = { 0 };
    uint8_t challenge[64];
    if (argc < 5 || (argc > 5 && argv[5][strspn(argv[5], "0123456789")] != '\0'))
        return fprintf(stderr, "usage: verify EVIDENCE FOLDER POLICY CHALLENGE [UNIX_TIME]\n"), 2;
    enum assay_status status = create_trust(argv[2], argv[3], &trust, &policy);
    if (status == ASSAY_OK) status = assay_verdict_create(&verdict);

    struct assay_verify_request request = { .size = sizeof request, .trust = trust };
    request.policy = policy;
    (void)timespec_get(&now, TIME_UTC);
    request.evidence = read_file(argv[1], memory[ASSAY_FILES_MAX + 1]);
    request.expected_report_data = read_hex(argv[4], challenge);
    request.at_unix_s = argc > 5 ? strtoll(argv[5], NULL, 10) : (int64_t)now.tv_sec;
    if (status == ASSAY_OK) status = assay_verify(&request, verdict, &tier);
    if (status != ASSAY_OK) return fprintf(stderr, "%s\n", assay_describe_status(status)), 2;

    (void)printf("%s\n", assay_name_of_tier(tier));
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (assay_verdict_get_claim(verdict, shown[i], &claim) != ASSAY_OK) continue;
        (void)printf("%s: ", claim.name);
        for (size_t b = 0; b < claim.bytes.len; b++)
            (void)printf("%02x", claim.bytes.bytes[b]);
        (void)printf("%s\n", claim.type != ASSAY_CLAIM_BOOL ? "" : claim.number ? "true" : "false");
    }
    for (size_t i = 0; assay_verdict_get_finding(verdict, i, &why); i++)
        (void)printf("%s (%s; %s)\n  %s\n", why.text, why.expected, why.observed, why.fix);
    for (size_t i = 0; assay_verdict_get_unchecked(verdict, i, &open); i++)
        (void)printf("not checked: %s: %s\n", open.what, open.why);
    assay_verdict_destroy(&verdict);
    assay_trust_destroy(&trust);
    assay_policy_destroy(&policy);
    return tier == ASSAY_TIER_AFFIRMING ? 0 : 1;
}
