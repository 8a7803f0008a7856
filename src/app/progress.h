// What takes long, shown while it lasts: one line on stderr where that is a terminal, gone when it is done.
#pragma once

namespace fauxkey::app {

/// From now on; nothing where stderr is no terminal or `quiet`. While nothing works, nothing wakes up.
void show_progress(bool quiet);

/// Takes the line away for a moment, so that something else can be written; it comes again by itself.
void erase_progress();

}  // namespace fauxkey::app
