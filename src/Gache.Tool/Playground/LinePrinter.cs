using System.Globalization;
using Gache.Tool.Terminals;

namespace Gache.Tool.Playground;

/// <summary>Prints whole lines, each with the node that said it in front.</summary>
/// <remarks>The last argument is called when nobody reads the output any more.</remarks>
internal sealed class LinePrinter(TextWriter output, bool hasColour, IReadOnlyList<NodePlan> nodes, Action onGone)
{
    /// <summary>Escape codes of colours that can be told apart on dark and light; without red, which means an error.</summary>
    private static readonly int[] Colours = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94];

    private readonly Lock gate = new();
    private readonly int width = nodes.Max(node => node.Name.Length);

    /// <summary>A line of the playground itself.</summary>
    public void Say(string line) => Write(line);

    /// <summary>A line that a node said, or that is about it.</summary>
    public void Say(NodePlan node, string line)
    {
        string name = node.Name.PadRight(width);
        string colour = Colours[(node.Number - 1) % Colours.Length].ToString(CultureInfo.InvariantCulture);
        Write(hasColour ? $"\e[{colour}m{name} |\e[0m {Printable.Line(line)}" : $"{name} | {Printable.Line(line)}");
    }

    private void Write(string line)
    {
        lock (gate)
        {
            try
            {
                output.WriteLine(line);
            }
            catch (IOException)
            {
                onGone();
            }
        }
    }
}
