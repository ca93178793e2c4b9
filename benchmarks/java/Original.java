import hex.genmodel.MojoModel;
import hex.genmodel.easy.EasyPredictModelWrapper;
import hex.genmodel.easy.RowData;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The classic model as a Java service would score it: the four features by plain loops, the
 * probability by H2O's own scorer.
 *
 * Arguments: MOJO, words and labels (one a line), file for the answers, rounds. Prints
 * "direct SECONDS" and "easy SECONDS" for every round over all labels, and "one SECONDS" for
 * every label of one more round through the easy wrapper.
 */
public final class Original {
  private final Set<String> words;
  private final MojoModel model;
  private final EasyPredictModelWrapper easy;

  private Original(String mojo, String words) throws Exception {
    this.words = new HashSet<>(Files.readAllLines(Paths.get(words)));
    this.model = MojoModel.load(mojo);
    this.easy = new EasyPredictModelWrapper(model);
  }

  public static void main(String[] args) throws Exception {
    Original scorer = new Original(args[0], args[1]);
    List<String> labels = Files.readAllLines(Paths.get(args[2]));
    double[] answers = new double[labels.size()];
    for (int round = 0; round < Integer.parseInt(args[4]); round++) {
      System.out.println("direct " + scorer.direct(labels, answers));
      System.out.println("easy " + scorer.easy(labels, answers));
    }
    for (String label : labels) {
      long start = System.nanoTime();
      scorer.easy(label);
      System.out.println("one " + (System.nanoTime() - start) / 1e9);
    }
    try (PrintWriter out = new PrintWriter(args[3])) {
      for (double answer : answers) {
        out.println(answer);
      }
    }
  }

  /** All labels by score0, with a row of numbers. */
  private double direct(List<String> labels, double[] answers) {
    long start = System.nanoTime();
    double[] row = new double[4];
    double[] predictions = new double[3];
    for (int i = 0; i < answers.length; i++) {
      String label = labels.get(i);
      row[0] = label.length();
      row[1] = entropy(label);
      row[2] = vowels(label);
      row[3] = words(label);
      Arrays.fill(predictions, 0);
      answers[i] = model.score0(row, predictions)[2];
    }
    return (System.nanoTime() - start) / 1e9;
  }

  /** All labels by the wrapper that H2O's documentation shows. */
  private double easy(List<String> labels, double[] answers) throws Exception {
    long start = System.nanoTime();
    for (int i = 0; i < answers.length; i++) {
      answers[i] = easy(labels.get(i));
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private double easy(String label) throws Exception {
    RowData row = new RowData();
    row.put("length", (double) label.length());
    row.put("entropy", entropy(label));
    row.put("p_vowels", vowels(label));
    row.put("num_words", (double) words(label));
    return easy.predictBinomial(row).classProbabilities[1];
  }

  private static double entropy(String label) {
    int[] counts = new int[128];
    for (int i = 0; i < label.length(); i++) {
      counts[label.charAt(i)]++;
    }
    double bits = 0;
    for (int count : counts) {
      if (count > 0) {
        double p = (double) count / label.length();
        bits -= p * Math.log(p) / Math.log(2);
      }
    }
    return bits;
  }

  private static double vowels(String label) {
    int found = 0;
    for (int i = 0; i < label.length(); i++) {
      if ("aeiou".indexOf(label.charAt(i)) >= 0) {
        found++;
      }
    }
    return (double) found / label.length();
  }

  private int words(String label) {
    int found = 0;
    for (int i = 0; i < label.length(); i++) {
      for (int j = i + 2; j <= label.length(); j++) {
        if (words.contains(label.substring(i, j))) {
          found++;
        }
      }
    }
    return found;
  }
}
