/* text2image.h - POST /text2image {"text","width","height"}: a picture for who waits for it.
 *
 * The answer is that of the demo's clients: {"statusCode":200,"body":"[\"url\"]","time":17.2}.
 * They give up after 30 s. What is not drawn after GARDEN_TEXT2IMAGE_WAIT is answered with 503,
 * Retry-After and the job's Location: the same request sent again waits for the same job, and
 * gets its picture. Who says Prefer: respond-async is answered 202 at once. */
#ifndef GATEWAY_TEXT2IMAGE_H
#define GATEWAY_TEXT2IMAGE_H

#include "gateway/routes.h"

route_handler text2image_post;
route_handler text2image_delete; /* DELETE /text2image/{name}: a picture that is not kept */

#endif
