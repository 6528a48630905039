/*
 * examples/result.c - verification of a token of another verifier, under the issuers that a policy
 * file names. result.py does the same.
 *
 * A token is a result: what its issuer states about evidence that it verified. It is never
 * evidence, and nothing here becomes a verdict of this library.
 *
 *     cc result.c $(pkg-config --cflags --libs assay-policy) -o result
 *     ./result POLICY TOKEN [NONCE] [UNIX_TIME]        (NONCE: what the token must echo; "": none)
 */
#include <assay/policy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct assay_bytes read_file(const char *path, size_t most)
{
    uint8_t *const bytes = malloc(most);
    FILE *const file = fopen(path, "rb");
    if (bytes == NULL || file == NULL) perror(path), exit(2);
    const struct assay_bytes out = { bytes, fread(bytes, 1, most, file) };
    if (fgetc(file) != EOF || ferror(file) || fclose(file) != 0)
        (void)fprintf(stderr, "%s: cannot be read, or is too long\n", path), exit(2);
    return out;
}

/* Names of files are from the folder of the policy on. */
static struct assay_bytes read_named(const char *policy, const char *name, size_t most)
{
    char path[4096];
    const char *const slash = strrchr(policy, '/');
    if (name == NULL) return (struct assay_bytes){ NULL, 0 };
    const int folder = name[0] == '/' || slash == NULL ? 0 : (int)(slash - policy) + 1;
    if (snprintf(path, sizeof path, "%.*s%s", folder, policy, name) >= (int)sizeof path)
        (void)fprintf(stderr, "%s: the path is too long\n", name), exit(2);
    return read_file(path, most);
}

/* The list has to live as long as the issuers, whose texts are its own. */
static size_t read_issuers(const char *policy, struct assay_policy_issuers **list,
                           struct assay_result_issuer issuers[])
{
    char message[ASSAY_POLICY_MESSAGE_MAX] = "";
    struct assay_policy_issuer one = { .size = sizeof one };
    const struct assay_bytes text = read_file(policy, ASSAY_POLICY_YAML_MAX);
    size_t count = 0;
    if (assay_policy_issuers_create_yaml((const char *)text.bytes, text.len, list, message,
                                         sizeof message) != ASSAY_OK)
        (void)fprintf(stderr, "%s:%s\n", policy, message), exit(2);
    for (; assay_policy_issuers_get(*list, count, &one); count++)
        issuers[count] = (struct assay_result_issuer){
            .size = sizeof issuers[count],
            .service = one.service,
            .issuer = one.issuer,
            .keys = read_named(policy, one.keys_file, ASSAY_RESULT_KEY_SET_MAX),
            .root = read_named(policy, one.root_file, ASSAY_FILE_LEN_MAX),
            .audience = one.audience,
            .has_age_max = one.has_age_max,
            .age_max_s = one.age_max_s,
        };
    free((void *)(uintptr_t)text.bytes);
    if (count == 0)
        (void)fprintf(stderr, "%s: names no issuer: expected a section token_issuers\n", policy),
            exit(2);
    return count;
}

static void print_result(const struct assay_result *result)
{
    struct assay_result_summary summary = { .size = sizeof summary };
    struct assay_unchecked open = { .size = sizeof open };
    if (!assay_result_get_summary(result, &summary)) return;
    if (summary.why[0] != '\0') (void)printf("%s\n", summary.why);
    /* Texts of the issuer are hostile to a terminal; its name is the one that was expected. */
    if (summary.issuer != NULL)
        (void)printf("%s: %s\n", assay_name_of_service(summary.service), summary.issuer);
    for (size_t i = 0; assay_result_get_unchecked(result, i, &open); i++)
        (void)printf("not checked: %s: %s\n", open.what, open.why);
}

int main(int argc, char **argv)
{
    struct assay_result_issuer issuers[ASSAY_RESULT_ISSUERS_MAX];
    struct assay_policy_issuers *list = NULL;
    struct assay_result *result = NULL;
    struct timespec now = { 0 };
    if (argc < 3 || (argc > 4 && argv[4][strspn(argv[4], "0123456789")] != '\0'))
        return fprintf(stderr, "usage: result POLICY TOKEN [NONCE] [UNIX_TIME]\n"), 2;
    (void)timespec_get(&now, TIME_UTC);
    struct assay_result_request request = { .size = sizeof request, .issuers = issuers };
    request.issuer_count = read_issuers(argv[1], &list, issuers);
    request.nonce = argc > 3 && argv[3][0] != '\0' ? argv[3] : NULL;
    request.at_unix_s = argc > 4 ? strtoll(argv[4], NULL, 10) : (int64_t)now.tv_sec;
    const struct assay_bytes token = read_file(argv[2], ASSAY_RESULT_BYTES_MAX);

    enum assay_result_answer answer = ASSAY_RESULT_NOT_READ;
    enum assay_result_statement statement = ASSAY_STATED_NOTHING;
    enum assay_status status = assay_result_create(&result);
    if (status == ASSAY_OK)
        status = assay_result_verify(&request, token.bytes, token.len, result, &answer, &statement);
    if (status != ASSAY_OK) return fprintf(stderr, "%s\n", assay_describe_status(status)), 2;
    (void)printf("%s, %s\n", assay_name_of_result(answer), assay_name_of_statement(statement));
    print_result(result);

    assay_result_destroy(&result);
    assay_policy_issuers_destroy(&list);
    for (size_t i = 0; i < request.issuer_count; i++) {
        free((void *)(uintptr_t)issuers[i].keys.bytes);
        free((void *)(uintptr_t)issuers[i].root.bytes);
    }
    free((void *)(uintptr_t)token.bytes);
    return answer == ASSAY_RESULT_VALID && statement == ASSAY_STATED_AFFIRMING ? 0 : 1;
}
