/* poison.h - included before everything: names that must not be used anywhere in the tree. The
 * headers that mention them have to come first. */
#ifndef LIB_BASE_POISON_H
#define LIB_BASE_POISON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol gets

#endif
