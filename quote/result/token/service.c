/*
 * quote/result/token/service.c - names of services that issue tokens.
 *
 * Apart from what verifies tokens, so that a reader of policies needs no JSON parser.
 */
#include "quote/result/token/token.h"

enum { TEXT_MAX = 64 };

static const char *const names[] = {
    [ASSAY_RESULT_AZURE] = "azure",
    [ASSAY_RESULT_GOOGLE] = "google",
    [ASSAY_RESULT_INTEL] = "intel",
    [ASSAY_RESULT_NVIDIA] = "nvidia",
};
enum { SERVICES = sizeof names / sizeof names[0] };

const char *assay_token_service_text(enum assay_result_service service)
{
    if ((unsigned)service >= SERVICES || names[service] == NULL) return "unknown";
    return names[service];
}

enum assay_status assay_token_service_parse(const char *text, enum assay_result_service *service)
{
    for (unsigned i = ASSAY_RESULT_AZURE; i < SERVICES; i++) {
        if (assay_text_compare(names[i], text, TEXT_MAX) != 0) continue;
        *service = (enum assay_result_service)i;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}
