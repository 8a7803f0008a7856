/** A mistake of the caller, or a response that does not verify: its message is for the page. */
final class Refused extends Exception {
  private static final long serialVersionUID = 1;

  Refused(String message) {
    super(message);
  }

  /** What the library says, with what it says was the cause. */
  static Refused because(Throwable error) {
    var said = new StringBuilder();
    for (var each = error; each != null; each = each.getCause()) {
      if (!said.isEmpty()) said.append(": ");
      said.append(each.getClass().getSimpleName());
      if (each.getMessage() != null) said.append(": ").append(each.getMessage());
    }
    return new Refused(said.toString());
  }
}
