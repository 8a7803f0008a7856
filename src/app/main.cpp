#include "app/commands.h"

int main(int argc, char** argv) { return fauxkey::app::run_program(argc, argv); }
