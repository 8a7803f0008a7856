#include "control/inspector.h"

#include <algorithm>
#include <array>
#include <utility>

#include "control/api.h"
#include "control/inspector_files.h"

namespace fauxkey::control {
namespace inspector_api {  // sources are compiled together, so names must differ

constexpr std::string_view kFolder = "/inspector/";
constexpr std::string_view kPage = "index.html";

constexpr std::array kTypes{std::pair{std::string_view{".html"}, "text/html; charset=utf-8"},
                            std::pair{std::string_view{".css"}, "text/css; charset=utf-8"},
                            std::pair{std::string_view{".js"}, "text/javascript; charset=utf-8"},
                            std::pair{std::string_view{".svg"}, "image/svg+xml"}};

// Nothing is loaded from elsewhere, nothing is made of text (a relying party chooses its name), nobody shows
// the page within another, and where a link leads learns nothing of the address.
constexpr std::array kHeaders{
    std::pair{
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"},
    std::pair{"Referrer-Policy", "no-referrer"}, std::pair{"X-Frame-Options", "DENY"},
    std::pair{"Cross-Origin-Opener-Policy", "same-origin"},
    std::pair{"Cross-Origin-Resource-Policy", "same-origin"}};

HttpResponse get_page(Api& /*api*/, HttpRequest& request, const Arguments& /*arguments*/) {
  return inspector_file(request.path);
}

constexpr std::array kRoutes{Route{"GET", "/", get_page}, Route{"GET", "/inspector/{file}", get_page}};

}  // namespace inspector_api

bool is_inspector_path(std::string_view path) {
  return path == "/" || path.starts_with(inspector_api::kFolder);
}

HttpResponse inspector_file(std::string_view path) {
  using namespace inspector_api;
  const auto name = path == "/" ? kPage : path.substr(std::min(kFolder.size(), path.size()));
  const auto* const file = std::ranges::find(kInspectorFiles, name, &InspectorFile::name);
  if (file == std::end(kInspectorFiles) || (name == kPage && path != "/"))
    return error_response(404, "The inspector has no such file: it begins at /.");
  HttpResponse response;
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) response.content_type = type;
  }
  response.body = file->content;
  response.headers.assign(kHeaders.begin(), kHeaders.end());
  return response;
}

std::span<const Route> inspector_routes() { return inspector_api::kRoutes; }

}  // namespace fauxkey::control
